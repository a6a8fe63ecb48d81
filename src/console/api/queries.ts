import {
  type InfiniteData,
  QueryClient,
  type UseInfiniteQueryResult,
  type UseQueryResult,
  useInfiniteQuery,
  useQuery,
} from '@tanstack/react-query'
import type {
  BlameEntry,
  Comparison,
  DriftEntry,
  DriftKind,
  Explanation,
  HistoryEntry,
  HistoryQuery,
  List,
  SourceStatus,
} from '../../model/config.ts'
import type { Instance } from '../../model/instance.ts'
import { printSegment } from '../../model/path.ts'
import type { Version } from '../../model/version.ts'
import type { SnapshotAnswer } from '../../wire/answers.ts'
import type { RouteName } from '../../wire/paths.ts'
import { type Asked, ask, Refusal } from './ask.ts'

/** Versions are immutable and the watch tells of new ones: what was read stays right until it says so. */
export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: Number.POSITIVE_INFINITY,
      gcTime: 5 * 60_000,
      retry: (failures, error) => Refusal.is(error, 'unavailable') && failures < 2,
      refetchOnWindowFocus: false,
    },
  },
})

/** How often is asked what no event tells of. */
const INSTANCES_MS = 5000
export const SLOW_MS = 15_000

interface Wanted extends Asked {
  readonly every?: number
  readonly isWanted?: boolean
}

/** An answer of a namespace, or with `ns` absent of the whole store, kept until something there changes. */
export function useAnswer<T>(ns: string | undefined, name: RouteName, wanted: Wanted = {}): UseQueryResult<T> {
  const { every, isWanted = true, ...asked } = wanted
  const place = ns === undefined ? asked.in : { ns, ...asked.in }
  return useQuery<T>({
    queryKey: [ns ?? '*', name, asked.in ?? null, asked.query ?? null],
    queryFn: ({ signal }) => ask<T>(name, { ...asked, ...(place && { in: place }), signal }),
    enabled: isWanted,
    ...(every !== undefined && { refetchInterval: every }),
    // No watch tells of the whole store: it is asked again whenever it is looked at.
    ...(ns === undefined && { staleTime: 0 }),
    placeholderData: (before) => before,
  })
}

/** A list of the whole store, page by page: what was loaded stays, and the next page goes below it. */
export function usePages<T>(name: RouteName, wanted: Wanted = {}): UseInfiniteQueryResult<InfiniteData<List<T>>> {
  const { every, isWanted = true, ...asked } = wanted
  return useInfiniteQuery({
    queryKey: ['*', name, asked.in ?? null, asked.query ?? null, 'pages'],
    queryFn: ({ signal, pageParam }) =>
      ask<List<T>>(name, { ...asked, query: { ...asked.query, cursor: pageParam }, signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
    enabled: isWanted,
    staleTime: 0,
    // Who reads older pages is not moved about.
    refetchInterval: ({ state }) => (every !== undefined && (state.data?.pages.length ?? 0) < 2 ? every : false),
    placeholderData: (before) => before,
  })
}

/** Whatever is shown of the whole store is read again. */
export const readStoreAgain = (): void => void queries.invalidateQueries({ queryKey: ['*'] })

/** Everything in effect now: values, overrides, sources. */
export const useSnapshot = (ns: string, at?: string): UseQueryResult<SnapshotAnswer> =>
  useAnswer(ns, 'readSnapshot', { query: { at } })

export const useDrift = (ns: string, kind: DriftKind): UseQueryResult<readonly DriftEntry[]> =>
  useAnswer(ns, 'drift', { query: { kind }, ...(kind === 'instance' && { every: INSTANCES_MS }) })

export const useInstances = (ns: string): UseQueryResult<readonly Instance[]> =>
  useAnswer(ns, 'listInstances', { every: INSTANCES_MS })

export const useSources = (ns: string): UseQueryResult<readonly SourceStatus[]> =>
  useAnswer(ns, 'listSources', { every: SLOW_MS })

export const useVersions = (ns: string, limit = 100): UseQueryResult<List<Version>> =>
  useAnswer(ns, 'listVersions', { query: { limit } })

export const useVersion = (ns: string, ref: string): UseQueryResult<Version> =>
  useAnswer(ns, 'readVersion', { in: { ref }, isWanted: ref !== '' })

export const useHistory = (ns: string, query: HistoryQuery): UseQueryResult<List<HistoryEntry>> =>
  useAnswer(ns, 'history', { query: { ...query } })

export const useBlame = (ns: string, section?: string): UseQueryResult<readonly BlameEntry[]> =>
  useAnswer(ns, 'blame', { query: { section } })

export const useComparison = (ns: string, from: string, to: string): UseQueryResult<Comparison> =>
  useAnswer(ns, 'compare', { query: { from, to }, isWanted: from !== '' && to !== '' })

/** Each key of a section, explained. */
export const useSection = (ns: string, section: string, isWanted: boolean): UseQueryResult<readonly Explanation[]> =>
  useAnswer(ns, 'readSection', { in: { section: segment(section) }, query: { explain: true }, isWanted })

/** One key, explained now or as it was. */
export const useExplanation = (
  ns: string,
  { section, key }: { readonly section: string; readonly key: string },
  at?: string,
): UseQueryResult<Explanation> =>
  useAnswer(ns, 'readKey', { in: { section: segment(section), key }, query: { explain: true, at } })

/** A section as addresses have it: the one of keys outside any section is `""`. */
export const segment = (section: string): string => (section === '' ? '""' : printSegment(section))
