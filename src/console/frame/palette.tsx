import { Dialog } from '@base-ui/react/dialog'
import { FileCode2, type LucideIcon, MoonStar, Search, Wrench } from 'lucide-react'
import { type KeyboardEvent, type ReactNode, useDeferredValue, useMemo, useRef, useState } from 'react'
import { useLocation } from 'wouter'
import { useSnapshot } from '../api/queries.ts'
import { useAccess } from '../api/session.tsx'
import { administrationOf } from '../pages/administration-pages.ts'
import { Text } from '../parts/values.tsx'
import { pageOf } from '../state/address.ts'
import { type Leaf, leavesOf } from '../state/leaves.ts'
import { chooseTheme, THEMES } from '../state/theme.ts'
import { NAMESPACE_PAGES } from './rail.tsx'

interface Entry {
  readonly id: string
  readonly name: string
  readonly detail: string
  readonly icon: LucideIcon
  readonly run: () => void
}

const MOST = 40
const NONE: readonly Leaf[] = []

/** Keys, values, pages and actions, by typing (⌘K). */
export function Palette({
  ns,
  isOpen,
  close,
}: {
  readonly ns: string | undefined
  readonly isOpen: boolean
  readonly close: () => void
}): ReactNode {
  return (
    <Dialog.Root open={isOpen} onOpenChange={(open) => !open && close()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="dialog middle palette" aria-label="Search keys, values, pages and actions">
          <Finder ns={ns} close={close} />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

function Finder({ ns, close }: { readonly ns: string | undefined; readonly close: () => void }): ReactNode {
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  const wanted = useDeferredValue(text.trim().toLowerCase())
  const entries = useEntries(ns, wanted, close)
  const list = useRef<HTMLDivElement>(null)
  const chosen = Math.min(at, entries.length - 1)
  const keys = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    if (step !== 0 && entries.length > 0) {
      event.preventDefault()
      const next = (chosen + step + entries.length) % entries.length
      setAt(next)
      list.current?.children[next]?.scrollIntoView({ block: 'nearest' })
    } else if (event.key === 'Enter') {
      event.preventDefault()
      entries[chosen]?.run()
    }
  }
  return (
    <>
      <div className="finder">
        <Search size={18} aria-hidden />
        <input
          role="combobox"
          aria-expanded="true"
          aria-controls="found"
          aria-activedescendant={entries[chosen] && `found-${chosen}`}
          aria-label="Search keys, values, pages and actions"
          placeholder="Search keys, values, pages, actions"
          value={text}
          onChange={(event) => {
            setText(event.target.value)
            setAt(0)
          }}
          onKeyDown={keys}
        />
        <kbd>Esc</kbd>
      </div>
      <div id="found" className="found" role="listbox" aria-label="Found" ref={list}>
        {entries.map(({ id, name, detail, icon: Icon, run }, i) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are the input's
          // biome-ignore lint/a11y/useFocusableInteractive: the input keeps the focus (aria-activedescendant)
          <div key={id} id={`found-${i}`} role="option" aria-selected={i === chosen} className="option" onClick={run}>
            <Icon size={16} aria-hidden />
            <span className="grow">
              <Text text={name} />
            </span>
            <span className="faint">
              <Text text={detail.length > 60 ? `${detail.slice(0, 60)}…` : detail} />
            </span>
          </div>
        ))}
        {entries.length === 0 && <p className="faint nothing">Nothing has this in its name or value.</p>}
      </div>
    </>
  )
}

function useEntries(ns: string | undefined, wanted: string, close: () => void): readonly Entry[] {
  const places = usePlaces(ns, close)
  const keys = useKeys(ns, wanted, close)
  return useMemo(
    () => [...places.filter(({ name }) => name.toLowerCase().includes(wanted)), ...keys].slice(0, MOST),
    [places, keys, wanted],
  )
}

function usePlaces(ns: string | undefined, close: () => void): readonly Entry[] {
  const [, go] = useLocation()
  const { may } = useAccess()
  return useMemo(() => {
    const to = (address: string) => () => {
      close()
      go(address)
    }
    const pages = ns === undefined ? [] : NAMESPACE_PAGES
    const isAdmin = may('admin', '*') || may('audit:read', '*')
    return [
      ...pages.map(({ page, name, icon }) => ({ id: name, name, detail: 'page', icon, run: to(pageOf(ns!, page)) })),
      ...(isAdmin ? administrationOf(may) : []).map(({ page, name }) => ({
        id: `administration ${page}`,
        name: `Administration: ${name}`,
        detail: 'page',
        icon: Wrench,
        run: to(`/administration/${page}`),
      })),
      ...THEMES.map((theme) => ({
        id: `theme ${theme}`,
        name: `Theme: ${theme}`,
        detail: 'action',
        icon: MoonStar,
        run: () => {
          close()
          chooseTheme(theme)
        },
      })),
    ]
  }, [ns, may, go, close])
}

function useKeys(ns: string | undefined, wanted: string, close: () => void): readonly Entry[] {
  const [, go] = useLocation()
  const { data } = useSnapshot(ns ?? 'default')
  const leaves = useMemo(() => (data === undefined ? NONE : leavesOf(data)), [data])
  return useMemo(() => {
    if (ns === undefined || wanted === '') return []
    const found: Leaf[] = []
    for (const leaf of leaves) {
      if (leaf.text.includes(wanted)) found.push(leaf)
      if (found.length >= MOST) break
    }
    return found.map(({ path, shown }) => ({
      id: `key ${path}`,
      name: path,
      detail: shown,
      icon: FileCode2,
      run: () => {
        close()
        go(pageOf(ns, 'configuration', { key: path }))
      },
    }))
  }, [ns, wanted, leaves, go, close])
}
