import { lazy, type ReactNode, Suspense } from 'react'
import { Redirect, Route, Switch } from 'wouter'
import type { NamespaceStats } from '../../model/admin.ts'
import { LiveProvider } from '../api/live.tsx'
import { useAnswer } from '../api/queries.ts'
import { useAccess } from '../api/session.tsx'
import { Failure, Skeleton } from '../parts/basics.tsx'
import { Toasts } from '../parts/toasts.tsx'
import { chosenOf, pageOf } from '../state/address.ts'
import { Frame } from './frame.tsx'
import { SignIn } from './sign-in.tsx'

const Overview = lazy(() => import('../pages/overview.tsx'))
const Configuration = lazy(() => import('../pages/configuration.tsx'))
const Drift = lazy(() => import('../pages/drift.tsx'))
const Versions = lazy(() => import('../pages/versions.tsx'))
const Compare = lazy(() => import('../pages/compare.tsx'))
const History = lazy(() => import('../pages/history.tsx'))
const Blame = lazy(() => import('../pages/blame.tsx'))
const Instances = lazy(() => import('../pages/instances.tsx'))
const Administration = lazy(() => import('../pages/administration.tsx'))
const NotFound = lazy(() => import('../pages/not-found.tsx'))

const PAGES: readonly (readonly [string, (props: { readonly ns: string }) => ReactNode])[] = [
  ['/namespaces/:ns', Overview],
  ['/namespaces/:ns/configuration', Configuration],
  ['/namespaces/:ns/drift', Drift],
  ['/namespaces/:ns/versions', Versions],
  ['/namespaces/:ns/compare', Compare],
  ['/namespaces/:ns/history', History],
  ['/namespaces/:ns/blame', Blame],
  ['/namespaces/:ns/instances', Instances],
]

export function App(): ReactNode {
  const { signed } = useAccess()
  return (
    <>
      {signed.state === 'asking' && <Splash />}
      {signed.state === 'out' && <SignIn why={signed.why} />}
      {signed.state === 'in' && <Pages />}
      <Toasts />
    </>
  )
}

const Splash = (): ReactNode => (
  <main className="splash">
    <Skeleton lines={2} />
  </main>
)

function Pages(): ReactNode {
  return (
    <Switch>
      <Route path="/">
        <Home />
      </Route>
      <Route path="/administration/:page">
        {({ page }) => (
          <Beside>
            <Administration page={page} />
          </Beside>
        )}
      </Route>
      {PAGES.map(([path, Page]) => (
        <Route key={path} path={path}>
          {({ ns = '' }: { readonly ns?: string }) => (
            <LiveProvider ns={ns}>
              <Frame ns={ns}>
                <Body key={`${ns} ${path}`}>
                  <Page ns={ns} />
                </Body>
              </Frame>
            </LiveProvider>
          )}
        </Route>
      ))}
      <Route>
        <Beside>
          <NotFound />
        </Beside>
      </Route>
    </Switch>
  )
}

/** A page that is of no namespace, in the frame of the one looked at last or else the first, which goes on being followed. */
function Beside({ children }: { readonly children: ReactNode }): ReactNode {
  const { data } = useAnswer<readonly NamespaceStats[]>(undefined, 'listNamespaces')
  const ns = chosenOf(data?.map(({ namespace }) => namespace))
  const page = (
    <Frame ns={ns}>
      <Body>{children}</Body>
    </Frame>
  )
  return ns === undefined ? page : <LiveProvider ns={ns}>{page}</LiveProvider>
}

const Body = ({ children }: { readonly children: ReactNode }): ReactNode => (
  <Suspense fallback={<Skeleton lines={8} />}>{children}</Suspense>
)

/** `/` leads to the namespace looked at last, or to the only or first one. */
function Home(): ReactNode {
  const { data, error, refetch } = useAnswer<readonly NamespaceStats[]>(undefined, 'listNamespaces')
  if (error) {
    return (
      <main className="splash">
        <Failure what="The namespaces cannot be read" error={error} retry={() => void refetch()} />
      </main>
    )
  }
  if (data === undefined) return <Splash />
  const names = data.map(({ namespace }) => namespace)
  return <Redirect to={pageOf(chosenOf(names) ?? 'default', '')} replace />
}
