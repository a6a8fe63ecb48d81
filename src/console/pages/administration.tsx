import { type ComponentType, lazy, type ReactNode, Suspense, useEffect, useRef } from 'react'
import { Link } from 'wouter'
import { useAccess } from '../api/session.tsx'
import { Skeleton } from '../parts/basics.tsx'
import { ADMINISTRATION, type AdministrationPage, administrationOf } from './administration-pages.ts'
import NotFound from './not-found.tsx'

const PAGES: Readonly<Record<AdministrationPage, ComponentType>> = {
  tokens: lazy(() => import('./administration/tokens.tsx')),
  audit: lazy(() => import('./administration/audit.tsx')),
  webhooks: lazy(() => import('./administration/webhooks.tsx')),
  sources: lazy(() => import('./administration/sources.tsx')),
  schedules: lazy(() => import('./administration/schedules.tsx')),
  store: lazy(() => import('./administration/store.tsx')),
  backups: lazy(() => import('./administration/backups.tsx')),
  namespaces: lazy(() => import('./administration/namespaces.tsx')),
}

/** What concerns the whole store. */
export default function Administration({ page }: { readonly page: string }): ReactNode {
  const { may } = useAccess()
  const tabs = useRef<HTMLElement>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: another page is another tab to be seen
  useEffect(() => {
    tabs.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' })
  }, [page])
  const found = ADMINISTRATION.find((one) => one.page === page)
  if (found === undefined) return <NotFound />
  const Page = PAGES[found.page]
  return (
    <>
      <nav ref={tabs} className="tabs administration-tabs" aria-label="Administration">
        {administrationOf(may).map(({ page: one, name }) => (
          <Link key={one} href={`/administration/${one}`} aria-current={one === page ? 'page' : undefined}>
            {name}
          </Link>
        ))}
      </nav>
      <Suspense fallback={<Skeleton lines={8} />} key={page}>
        <Page />
      </Suspense>
    </>
  )
}
