import {
  GitCompareArrows,
  History,
  LayoutDashboard,
  type LucideIcon,
  ScrollText,
  Server,
  SlidersHorizontal,
  Wrench,
} from 'lucide-react'
import type { ReactNode } from 'react'
import { Link, useLocation } from 'wouter'
import { useDrift, useInstances } from '../api/queries.ts'
import { useAccess } from '../api/session.tsx'
import { administrationOf } from '../pages/administration-pages.ts'
import { type NamespacePage, pageOf } from '../state/address.ts'
import { useDrafts } from '../state/drafts.ts'

export const NAMESPACE_PAGES: readonly {
  readonly page: NamespacePage
  readonly name: string
  readonly icon: LucideIcon
}[] = [
  { page: '', name: 'Overview', icon: LayoutDashboard },
  { page: 'configuration', name: 'Configuration', icon: SlidersHorizontal },
  { page: 'drift', name: 'Drift', icon: GitCompareArrows },
  { page: 'versions', name: 'Versions', icon: ScrollText },
  { page: 'history', name: 'History', icon: History },
  { page: 'instances', name: 'Instances', icon: Server },
]

/** The pages, each with the number of things there that need a person. */
export function Rail({ ns }: { readonly ns: string | undefined }): ReactNode {
  const [path] = useLocation()
  const { may } = useAccess()
  const isAdmin = may('admin', '*') || may('audit:read', '*')
  return (
    <nav className="rail" aria-label="Pages">
      {ns !== undefined && <NamespaceLinks ns={ns} path={path} />}
      {isAdmin && (
        <>
          <hr />
          <RailLink
            href={`/administration/${administrationOf(may)[0]!.page}`}
            icon={Wrench}
            name="Administration"
            isCurrent={path.startsWith('/administration')}
          />
        </>
      )}
    </nav>
  )
}

function NamespaceLinks({ ns, path }: { readonly ns: string; readonly path: string }): ReactNode {
  const counts = useCounts(ns)
  const here = /^\/namespaces\/[^/]+\/?([^/]*)/.exec(path)?.[1]
  const isHere = (page: NamespacePage): boolean =>
    here === page || (page === 'versions' && here === 'compare') || (page === 'history' && here === 'blame')
  return NAMESPACE_PAGES.map(({ page, name, icon }) => (
    <RailLink
      key={page}
      href={pageOf(ns, page)}
      icon={icon}
      name={name}
      isCurrent={isHere(page)}
      {...(counts[page] && { count: counts[page] })}
    />
  ))
}

interface Count {
  readonly number: number
  readonly what: string
}

/** What needs a person, by page. */
function useCounts(ns: string): Partial<Record<NamespacePage, Count>> {
  const staged = useDrafts(ns).size
  const { data: overrides = [] } = useDrift(ns, 'override')
  const { data: instances = [] } = useInstances(ns)
  const doubtful = overrides.filter(({ state }) => state !== 'intentional').length
  const lagging = instances.filter(({ state, pendingRestart }) => state !== 'current' || pendingRestart !== null).length
  return {
    ...(staged > 0 && { configuration: { number: staged, what: 'staged' } }),
    ...(doubtful > 0 && { drift: { number: doubtful, what: 'overrides to look at' } }),
    ...(lagging > 0 && { instances: { number: lagging, what: 'instances to look at' } }),
  }
}

function RailLink({
  href,
  icon: Icon,
  name,
  isCurrent,
  count,
}: {
  readonly href: string
  readonly icon: LucideIcon
  readonly name: string
  readonly isCurrent: boolean
  readonly count?: Count
}): ReactNode {
  return (
    <Link href={href} aria-current={isCurrent ? 'page' : undefined}>
      <Icon size={16} aria-hidden />
      <span className="word">{name}</span>
      {count && (
        <span className="count">
          {count.number}
          <span className="hidden"> {count.what}</span>
        </span>
      )}
    </Link>
  )
}
