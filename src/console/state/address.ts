import { useCallback } from 'react'
import { useLocation, useSearch } from 'wouter'

/** What the address says after `?`, and a way to change some of it: filters live there, so that a page can be sent to somebody. */
export function useFilters(): readonly [URLSearchParams, (changes: Readonly<Record<string, string | null>>) => void] {
  const search = useSearch()
  const [path, go] = useLocation()
  const change = useCallback(
    (changes: Readonly<Record<string, string | null>>) => {
      const next = new URLSearchParams(location.search)
      for (const [name, value] of Object.entries(changes)) {
        if (value === null || value === '') next.delete(name)
        else next.set(name, value)
      }
      const text = next.toString()
      go(text === '' ? path : `${path}?${text}`, { replace: true })
    },
    [path, go],
  )
  return [new URLSearchParams(search), change]
}

/** Pages of a namespace, by the last segment of their address. */
export type NamespacePage = '' | 'configuration' | 'drift' | 'versions' | 'compare' | 'history' | 'instances' | 'blame'

export function pageOf(ns: string, page: NamespacePage, filters: Readonly<Record<string, string>> = {}): string {
  const search = new URLSearchParams(filters).toString()
  return `/namespaces/${encodeURIComponent(ns)}${page === '' ? '' : `/${page}`}${search === '' ? '' : `?${search}`}`
}

const LAST = 'holdfast.namespace'

/** The namespace that was looked at last: what concerns the whole store has none in its address. */
export const lastNamespace = (): string | undefined => localStorage.getItem(LAST) ?? undefined

/** Of these namespaces the one looked at last, or else the first; before they are known, the one looked at last. */
export function chosenOf(names: readonly string[] | undefined): string | undefined {
  const last = lastNamespace()
  return last !== undefined && names?.includes(last) !== false ? last : names?.[0]
}

export const keepNamespace = (ns: string): void => localStorage.setItem(LAST, ns)

export const forgetNamespace = (): void => localStorage.removeItem(LAST)
