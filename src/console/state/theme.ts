import { useSyncExternalStore } from 'react'

export const THEMES = ['system', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]

const KEY = 'holdfast.theme'
const listeners = new Set<() => void>()

function stored(): Theme {
  const found = localStorage.getItem(KEY)
  return THEMES.find((theme) => theme === found) ?? 'system'
}

/** Shows the page as it was chosen here before; by the system where nothing was. */
export function keepTheme(theme: Theme = stored()): void {
  if (theme === 'system') delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = theme
}

export function chooseTheme(theme: Theme): void {
  localStorage.setItem(KEY, theme)
  keepTheme(theme)
  for (const listener of listeners) listener()
}

const subscribe = (listener: () => void): (() => void) => {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export const useTheme = (): Theme => useSyncExternalStore(subscribe, stored)
