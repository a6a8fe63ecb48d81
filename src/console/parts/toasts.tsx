import { X } from 'lucide-react'
import { type ReactNode, useEffect, useSyncExternalStore } from 'react'
import { Button } from './basics.tsx'

interface Toast {
  readonly id: number
  readonly text: string
  readonly isBad: boolean
  readonly act?: { readonly word: string; readonly run: () => void } | undefined
}

let toasts: readonly Toast[] = []
let count = 0
const listeners = new Set<() => void>()

function show(next: readonly Toast[]): void {
  toasts = next
  for (const listener of listeners) listener()
}

const subscribe = (listener: () => void): (() => void) => {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Says something in the corner, and to screen readers. */
export function say(text: string, { act, isBad = false }: Partial<Pick<Toast, 'act' | 'isBad'>> = {}): void {
  show([...toasts.slice(-2), { id: ++count, text, isBad, act }])
}

/** Says what went wrong with something that was asked for. */
export const sayRefused = (error: unknown): void => say((error as Error).message, { isBad: true })

const dismiss = (id: number): void => show(toasts.filter((one) => one.id !== id))

export function Toasts(): ReactNode {
  const shown = useSyncExternalStore(subscribe, () => toasts)
  return (
    <div className="toasts" aria-live="polite">
      {shown.map((toast) => (
        <ToastView key={toast.id} toast={toast} />
      ))}
    </div>
  )
}

const STAYS_MS = 9000

function ToastView({ toast }: { readonly toast: Toast }): ReactNode {
  const { id, text, isBad, act } = toast
  useEffect(() => {
    // What went wrong stays until it is read.
    const timer = isBad ? undefined : setTimeout(() => dismiss(id), STAYS_MS)
    return () => clearTimeout(timer)
  }, [id, isBad])
  return (
    <div className={`toast ${isBad ? 'red' : ''}`} role={isBad ? 'alert' : undefined}>
      <span className="word">{text}</span>
      {act && (
        <Button
          isSmall
          onClick={() => {
            dismiss(id)
            act.run()
          }}
        >
          {act.word}
        </Button>
      )}
      <Button kind="ghost" isSmall icon={X} label="Dismiss" onClick={() => dismiss(id)} />
    </div>
  )
}
