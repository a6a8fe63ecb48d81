import { Menu } from '@base-ui/react/menu'
import { Anchor, ChevronsUpDown, LogOut, Monitor, Moon, Search, Sun } from 'lucide-react'
import { type ReactNode, useEffect, useState } from 'react'
import { Link } from 'wouter'
import type { NamespaceStats } from '../../model/admin.ts'
import { useLive } from '../api/live.tsx'
import { useAnswer, useSnapshot } from '../api/queries.ts'
import { useAccess } from '../api/session.tsx'
import { Button } from '../parts/basics.tsx'
import { Tip } from '../parts/tip.tsx'
import { Text } from '../parts/values.tsx'
import { keepNamespace, pageOf } from '../state/address.ts'
import { chooseTheme, THEMES, useTheme } from '../state/theme.ts'
import { Palette } from './palette.tsx'
import { Rail } from './rail.tsx'
import { ReviewBar } from './review-bar.tsx'

/** What is around every page: where one is, whether it is live, and how to get anywhere. */
export function Frame({ ns, children }: { readonly ns: string | undefined; readonly children: ReactNode }): ReactNode {
  const [isSearching, setSearching] = useState(false)
  useEffect(() => {
    if (ns !== undefined) keepNamespace(ns)
  }, [ns])
  useEffect(() => {
    const listen = (event: KeyboardEvent): void => {
      if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault()
        setSearching(true)
      } else if (event.key === '/' && !isTyping(event.target)) {
        event.preventDefault()
        const filter = document.querySelector<HTMLInputElement>('input[data-filter]')
        if (filter === null) setSearching(true)
        else filter.focus()
      }
    }
    addEventListener('keydown', listen)
    return () => removeEventListener('keydown', listen)
  }, [])
  return (
    <div className="frame">
      <a className="skip" href="#page">
        Skip to the page
      </a>
      <header className="bar">
        <Link href="/" className="brand" aria-label="Holdfast, overview">
          <Anchor size={18} aria-hidden /> <span>Holdfast</span>
        </Link>
        <NamespaceMenu ns={ns} />
        <button type="button" className="search" onClick={() => setSearching(true)}>
          <Search size={16} aria-hidden />
          <span>Search keys, values, pages</span>
          <kbd>{isApple ? '⌘K' : 'Ctrl K'}</kbd>
        </button>
        {ns !== undefined && <LiveMark ns={ns} />}
        <UserMenu />
      </header>
      <Rail ns={ns} />
      <main id="page" tabIndex={-1}>
        {children}
      </main>
      {ns !== undefined && <ReviewBar ns={ns} />}
      <Palette ns={ns} isOpen={isSearching} close={() => setSearching(false)} />
    </div>
  )
}

export const isApple = /Mac|iPhone|iPad/.test(navigator.userAgent)

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))

function NamespaceMenu({ ns }: { readonly ns: string | undefined }): ReactNode {
  const { data = [] } = useAnswer<readonly NamespaceStats[]>(undefined, 'listNamespaces')
  return (
    <Menu.Root>
      <Menu.Trigger className="button ghost namespace" aria-label={`Namespace ${ns ?? 'none'}: choose another`}>
        <span className="mono">{ns ?? 'no namespace'}</span>
        <ChevronsUpDown size={14} aria-hidden />
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner sideOffset={4} align="start" className="above">
          <Menu.Popup className="menu">
            {data.length === 0 && <div className="heading">No namespace that you may see</div>}
            {data.map(({ namespace, versions, overrides }) => (
              <Menu.Item
                key={namespace}
                className="item"
                render={<Link href={pageOf(namespace, '')}>{namespace}</Link>}
              >
                <span className="mono grow">{namespace}</span>
                <span className="faint">
                  {overrides} overrides · {versions} versions
                </span>
              </Menu.Item>
            ))}
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  )
}

/** The live version, or since when it is not known to be. */
function LiveMark({ ns }: { readonly ns: string }): ReactNode {
  const { state, since, isStale } = useLive()
  const { data } = useSnapshot(ns)
  const version = data?.version
  const name = version ? `v${version.id}` : 'no version'
  const clock = since === null ? '' : new Date(since).toLocaleTimeString(undefined, { timeStyle: 'short' })
  const isLive = state === 'live' && !isStale
  const [word, tip] = isLive
    ? [
        `live ${name}`,
        version ? `SHA-256 ${version.hash} · chain ${version.chainHash}` : 'Nothing was ever committed here',
      ]
    : state === 'offline'
      ? [
          `offline since ${clock}, showing ${name}`,
          'The server does not answer; the page goes on by itself when it does',
        ]
      : isStale
        ? [`stale ${name}`, 'The server has no store now and answers from memory; changes are refused']
        : [`connecting ${name}`, 'Waiting for the watch to open']
  return (
    <Tip text={tip}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the whole hash is in its tip, for the keyboard too */}
      <span className={`live ${isLive ? '' : state === 'connecting' ? 'waiting' : 'lost'}`} role="status" tabIndex={0}>
        <i aria-hidden />
        {word}
        {isLive && version && <span className="hash">{version.hash.slice(0, 4)}…</span>}
      </span>
    </Tip>
  )
}

const THEME_ICONS = { system: Monitor, light: Sun, dark: Moon } as const

function UserMenu(): ReactNode {
  const { signed, signOut } = useAccess()
  const theme = useTheme()
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length]!
  const name = signed.state === 'in' ? signed.session.name : ''
  return (
    <div className="who">
      <Button
        kind="ghost"
        icon={THEME_ICONS[theme]}
        label={`Theme: ${theme}. Choose ${next}`}
        onClick={() => chooseTheme(next)}
      />
      <span className="name">
        <Text text={name} />
      </span>
      <Button kind="ghost" icon={LogOut} label={`Sign out ${name}`} onClick={() => void signOut()} />
    </div>
  )
}
