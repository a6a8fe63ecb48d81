import { ChevronRight, CircleAlert, Equal, EyeOff, Pin, RotateCcw, Undo2 } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import type { DriftEntry, Explanation, LayerValue } from '../../model/config.ts'
import { CONCEALED } from '../../model/config.ts'
import type { Value } from '../../model/value.ts'
import { Badge, Button } from '../parts/basics.tsx'
import { Text, Time, ValueText } from '../parts/values.tsx'
import { type Draft, stage, unstage } from '../state/drafts.ts'
import type { Leaf } from '../state/leaves.ts'
import { isSame, printed } from '../state/show.ts'
import { Editor } from './editor.tsx'

export const ROW_HEIGHT = 40
const SHORT = 120

export interface KeyRowProps {
  readonly ns: string
  readonly leaf: Leaf
  readonly explanation?: Explanation
  readonly state?: DriftEntry
  readonly draft?: Draft
  readonly canWrite: boolean
  readonly isOpened: boolean
  readonly open: (path: string) => void
}

/** One key: what is in effect, where it comes from, what is staged; a click on the value edits it in place. */
export function KeyRow({ ns, leaf, explanation, state, draft, canWrite, isOpened, open }: KeyRowProps): ReactNode {
  const [isEditing, setEditing] = useState(false)
  const { path, key, value, override, isSecret } = leaf
  const isPinned = explanation?.winner?.isPinned === true
  const shown = draft === undefined ? value : draft.kind === 'set' ? (isSecret ? CONCEALED : draft.value) : undefined
  const put = (next: Value): void => {
    setEditing(false)
    if (!isSecret && isSame(next, value)) unstage(ns, path)
    else stage(ns, { ...draftOf(leaf), kind: 'set', value: next })
  }
  return (
    <div className={`key-row ${draft ? 'staged-row' : ''} ${isOpened ? 'opened' : ''}`}>
      <button type="button" className="key" onClick={() => open(path)} aria-expanded={isOpened} title={path}>
        <Text text={key} />
      </button>
      {isEditing ? (
        <Editor
          value={draft?.kind === 'set' ? draft.value : value}
          schema={explanation?.schema ?? null}
          label={path}
          isSecret={isSecret}
          done={put}
          cancel={() => setEditing(false)}
        />
      ) : (
        <button
          type="button"
          className="cell"
          disabled={!canWrite || isPinned}
          title={isPinned ? 'A pinned layer decides about this key: no override can change it' : undefined}
          aria-label={`Edit ${path}: ${isSecret ? 'a secret' : printed(shown).slice(0, SHORT)}`}
          onClick={() => setEditing(true)}
        >
          {draft?.kind === 'unset' ? (
            <i className="faint">the base again</i>
          ) : (
            <Short value={shown} isMask={draft?.kind === 'mask' || override?.isMask === true} />
          )}
          {draft && (
            <span className="was">was {isSecret ? CONCEALED : printed(value).slice(0, SHORT) || 'not set'}</span>
          )}
        </button>
      )}
      {/* biome-ignore lint/a11y/noStaticElementInteractions: a shorter way to what the key and the arrow open */}
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: as above */}
      <div className="origin" onClick={() => open(path)}>
        {draft ? <Badge tone="accent">staged</Badge> : <Origin leaf={leaf} {...(explanation && { explanation })} />}
        <Badges leaf={leaf} {...(explanation && { explanation })} {...(state && { state })} />
      </div>
      <span className="row-end">
        {draft && (
          <Button
            kind="ghost"
            isSmall
            icon={Undo2}
            label={`Drop the change of ${path}`}
            onClick={() => unstage(ns, path)}
          />
        )}
        <Button kind="ghost" isSmall icon={ChevronRight} label={`Explain ${path}`} onClick={() => open(path)} />
      </span>
    </div>
  )
}

export const draftOf = ({ path, section, key, value, isSecret }: Leaf): Omit<Draft, 'kind' | 'value'> => ({
  path,
  section,
  key,
  isSecret,
  ...(value !== undefined && { before: value }),
})

function Short({ value, isMask }: { readonly value: Value | undefined; readonly isMask: boolean }): ReactNode {
  if (value === undefined) return <ValueText value={undefined} none={isMask ? 'masked' : 'not set'} />
  const text = printed(value)
  return <ValueText value={text.length > SHORT && value !== CONCEALED ? `${text.slice(0, SHORT)}…` : value} />
}

/** A file's last part and line: all of it is in the panel. */
function nameOf({ layer, kind, position }: LayerValue): string {
  if (kind === 'default') return 'schema default'
  const name = kind === 'file' ? layer.slice(layer.lastIndexOf('/') + 1) : layer
  return position === undefined ? name : `${name}:${position.line}`
}

function Origin({
  leaf: { override },
  explanation,
}: {
  readonly leaf: Leaf
  readonly explanation?: Explanation
}): ReactNode {
  const winner = explanation?.winner
  if (override === undefined) return <span className="faint">{winner ? <Text text={nameOf(winner)} /> : ''}</span>
  const below = explanation?.beaten[0]
  return (
    <>
      <Badge tone="accent">{override.isMask ? 'masked' : 'override'}</Badge>
      <span className="faint was-base">
        {below !== undefined && (
          <>
            over <Text text={printed(below.value).slice(0, 40) || '""'} /> in <Text text={nameOf(below)} />
          </>
        )}
        {explanation?.lastChange && (
          <>
            {' · '}
            <Text text={explanation.lastChange.who} /> <Time iso={explanation.lastChange.when} />
          </>
        )}
      </span>
    </>
  )
}

const STATE_BADGES = {
  stale: { tone: 'amber', icon: CircleAlert, says: 'The base value has moved since this was set' },
  redundant: { tone: 'blue', icon: Equal, says: 'It equals the base' },
  orphaned: { tone: 'red', icon: CircleAlert, says: 'The base or the schema no longer knows this key' },
} as const

function Badges({
  leaf,
  explanation,
  state,
}: {
  readonly leaf: Leaf
  readonly explanation?: Explanation
  readonly state?: DriftEntry
}): ReactNode {
  const found = state?.state === undefined || state.state === 'intentional' ? undefined : STATE_BADGES[state.state]
  return (
    <span className="badges">
      {found && (
        <Badge tone={found.tone} icon={found.icon} title={found.says}>
          {state!.state}
        </Badge>
      )}
      {(explanation?.stale.length ?? 0) > 0 && (
        <Badge tone="red" icon={CircleAlert} title={`Its last good content is used: ${explanation!.stale.join(', ')}`}>
          source stale
        </Badge>
      )}
      {leaf.isSecret && (
        <Badge icon={EyeOff} title="Encrypted in the store, and shown nowhere">
          secret
        </Badge>
      )}
      {explanation?.winner?.isPinned && (
        <Badge tone="blue" icon={Pin} title="A pinned layer decides: no override can change it">
          pinned
        </Badge>
      )}
      {explanation?.schema?.needsRestart && (
        <Badge icon={RotateCcw} title="A running process takes it in only when it restarts">
          restart
        </Badge>
      )}
    </span>
  )
}
