import { useQueries } from '@tanstack/react-query'
import { CheckCircle2, CircleDashed, CircleX, type LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'
import type { List } from '../../../model/config.ts'
import type { Delivery } from '../../../model/webhook.ts'
import { ask } from '../../api/ask.ts'
import { SLOW_MS } from '../../api/queries.ts'
import { Badge, type Tone } from '../../parts/basics.tsx'
import { Time } from '../../parts/values.tsx'

const STATES: Readonly<Record<Delivery['state'], readonly [Tone, LucideIcon]>> = {
  delivered: ['accent', CheckCircle2],
  waiting: ['amber', CircleDashed],
  failed: ['red', CircleX],
}

export function DeliveryState({ state }: Pick<Delivery, 'state'>): ReactNode {
  const [tone, icon] = STATES[state]
  return (
    <Badge tone={tone} icon={icon}>
      {state}
    </Badge>
  )
}

/** What was sent last to each webhook, by its id; null where nothing was: whether they hear of anything shows only there. */
export function useLastSent(ids: readonly string[]): ReadonlyMap<string, Delivery | null> {
  const found = useQueries({
    queries: ids.map((id) => ({
      queryKey: ['*', 'listDeliveries', { id }, { limit: 1 }, 'last'],
      queryFn: ({ signal }: { readonly signal: AbortSignal }) =>
        ask<List<Delivery>>('listDeliveries', { in: { id }, query: { limit: 1 }, signal }),
      staleTime: 0,
      refetchInterval: SLOW_MS,
    })),
  })
  return new Map(ids.flatMap((id, i) => (found[i]?.data === undefined ? [] : [[id, found[i].data.items[0] ?? null]])))
}

/** A message that waits for its first attempt is on its way; one that was tried is in trouble. */
export const isInTrouble = (last: Delivery | null | undefined): boolean =>
  last?.state === 'failed' || (last?.state === 'waiting' && last.attempts > 0)

export function LastSent({ last }: { readonly last: Delivery | null | undefined }): ReactNode {
  if (last === undefined) return <span className="skeleton" />
  if (last === null) return <span className="faint">nothing yet</span>
  return (
    <div className="lines">
      <DeliveryState state={last.state} />
      <span className="faint">
        {last.kind}, <Time iso={last.createdAt} />
      </span>
    </div>
  )
}
