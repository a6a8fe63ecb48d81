import { Menu } from '@base-ui/react/menu'
import { Ellipsis, type LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'

export interface RowAct {
  readonly word: string
  readonly icon: LucideIcon
  readonly run: () => void
  readonly isDangerous?: boolean
}

/** What else one can do with a row. */
export function RowMenu({ label, acts }: { readonly label: string; readonly acts: readonly RowAct[] }): ReactNode {
  return (
    <Menu.Root>
      <Menu.Trigger className="button ghost small square" aria-label={label}>
        <Ellipsis size={16} aria-hidden />
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner sideOffset={4} align="end" className="above">
          <Menu.Popup className="menu">
            {acts.map(({ word, icon: Icon, run, isDangerous }) => (
              <Menu.Item key={word} className={isDangerous ? 'item dangerous' : 'item'} onClick={run}>
                <Icon size={16} aria-hidden />
                {word}
              </Menu.Item>
            ))}
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  )
}
