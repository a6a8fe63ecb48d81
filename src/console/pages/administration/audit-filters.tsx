import { X } from 'lucide-react'
import { type ReactNode, useEffect, useState } from 'react'
import { AUDIT_EVENTS } from '../../../model/access.ts'
import { Button } from '../../parts/basics.tsx'
import { type Option, SelectField, TextField } from '../../parts/fields.tsx'

/** As the API calls them, and as they stand in the address. */
export const FILTER_NAMES = ['event', 'who', 'tokenId', 'sourceIp', 'namespace', 'since', 'until'] as const
export type AuditFilterName = (typeof FILTER_NAMES)[number]

type Change = (changes: Readonly<Record<string, string | null>>) => void

const EVENTS: readonly Option[] = [['', 'all'], ...AUDIT_EVENTS.map((event): Option => [event, event])]

const TEXTS: readonly (readonly [AuditFilterName, string])[] = [
  ['who', 'Who'],
  ['tokenId', 'Token id'],
  ['sourceIp', 'Address'],
  ['namespace', 'Namespace'],
]

export function AuditFilters({
  filters,
  change,
  isFiltered,
}: {
  readonly filters: URLSearchParams
  readonly change: Change
  readonly isFiltered: boolean
}): ReactNode {
  const of = (name: AuditFilterName): string => filters.get(name) ?? ''
  return (
    <search className="filters">
      <SelectField label="Event" value={of('event')} set={(event) => change({ event })} options={EVENTS} />
      {TEXTS.map(([name, label]) => (
        <TextFilter key={name} name={name} label={label} value={of(name)} change={change} />
      ))}
      <TextField label="From" type="datetime-local" value={of('since')} set={(since) => change({ since })} />
      <TextField label="Until" type="datetime-local" value={of('until')} set={(until) => change({ until })} />
      {isFiltered && (
        <Button icon={X} onClick={() => change(Object.fromEntries(FILTER_NAMES.map((name) => [name, null])))}>
          Clear
        </Button>
      )}
    </search>
  )
}

/** How long a pause in typing is the end of a name: half of one finds nothing. */
const PAUSE_MS = 300

function TextFilter({
  name,
  label,
  value,
  change,
}: {
  readonly name: AuditFilterName
  readonly label: string
  readonly value: string
  readonly change: Change
}): ReactNode {
  const [text, setText] = useState(value)
  useEffect(() => setText(value), [value])
  useEffect(() => {
    if (text.trim() === value) return
    const timer = setTimeout(() => change({ [name]: text.trim() }), PAUSE_MS)
    return () => clearTimeout(timer)
  }, [name, text, value, change])
  return (
    <TextField
      label={label}
      isMono
      spellCheck={false}
      value={text}
      set={setText}
      {...(name === 'who' && { 'data-filter': true })}
    />
  )
}
