import { Check, CircleAlert, Copy, type LucideIcon, RotateCw } from 'lucide-react'
import type { ButtonHTMLAttributes, ReactNode } from 'react'
import { useEffect, useState } from 'react'
import { Refusal } from '../api/ask.ts'
import { Tip } from './tip.tsx'

export interface ButtonProps extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'title'> {
  readonly kind?: 'primary' | 'danger' | 'ghost'
  readonly icon?: LucideIcon
  /** For a button that shows only its icon: its name. */
  readonly label?: string
  readonly isSmall?: boolean
}

export function Button({
  kind,
  icon: Icon,
  label,
  isSmall,
  children,
  className = '',
  ...rest
}: ButtonProps): ReactNode {
  const classes = ['button', kind, isSmall && 'small', label !== undefined && 'square', className].filter(Boolean)
  const button = (
    <button type="button" className={classes.join(' ')} aria-label={label} {...rest}>
      {Icon && <Icon size={16} aria-hidden />}
      {children}
    </button>
  )
  return label === undefined ? button : <Tip text={label}>{button}</Tip>
}

export type Tone = 'accent' | 'amber' | 'red' | 'blue'

/** A word about something, with a shape beside its colour. */
export function Badge({
  tone,
  icon: Icon,
  title,
  children,
}: {
  readonly tone?: Tone | undefined
  readonly icon?: LucideIcon
  readonly title?: string | undefined
  readonly children: ReactNode
}): ReactNode {
  const badge = (
    <span className={`badge ${tone ?? ''}`}>
      {Icon && <Icon size={12} aria-hidden />}
      {children}
    </span>
  )
  return title === undefined ? badge : <Tip text={title}>{badge}</Tip>
}

export function Card({
  title,
  acts,
  footer,
  isBare = false,
  children,
}: {
  readonly title?: ReactNode
  readonly acts?: ReactNode
  readonly footer?: ReactNode
  /** Without space around: for tables. */
  readonly isBare?: boolean
  readonly children: ReactNode
}): ReactNode {
  return (
    <section className="card">
      {title !== undefined && (
        <header>
          <h2>{title}</h2>
          {acts}
        </header>
      )}
      {isBare ? children : <div className="body">{children}</div>}
      {footer !== undefined && <footer>{footer}</footer>}
    </section>
  )
}

/** The head of a page: its name, the sentence that answers "is all well here?", and what one can do. */
export function PageHead({
  title,
  says,
  children,
}: {
  readonly title: string
  readonly says: ReactNode
  readonly children?: ReactNode
}): ReactNode {
  useEffect(() => {
    document.title = `${title} · Holdfast`
  }, [title])
  return (
    <header className="page-head">
      <div>
        <h1>{title}</h1>
        <p>{says}</p>
      </div>
      {children && <div className="acts">{children}</div>}
    </header>
  )
}

/** What will be here, and what puts it there. */
export function Empty({
  icon: Icon,
  title,
  children,
}: {
  readonly icon: LucideIcon
  readonly title: string
  readonly children?: ReactNode
}): ReactNode {
  return (
    <div className="empty">
      <Icon size={24} aria-hidden />
      <h2>{title}</h2>
      {children}
    </div>
  )
}

/** What went wrong, why, and what to do; with the request's id where the server knows it. */
export function Failure({
  error,
  what,
  retry,
}: {
  readonly error: unknown
  readonly what: string
  readonly retry?: (() => void) | undefined
}): ReactNode {
  const id = error instanceof Refusal ? error.requestId : null
  return (
    <div className="failure" role="alert">
      <strong>
        <CircleAlert size={16} aria-hidden /> {what}
      </strong>
      <span>{error instanceof Error ? error.message : String(error)}</span>
      {(retry !== undefined || id !== null) && (
        <div className="acts">
          {retry && (
            <Button isSmall icon={RotateCw} onClick={retry}>
              Try again
            </Button>
          )}
          {id !== null && (
            <>
              Request <code>{id}</code> <CopyButton text={id} what="the request id" />
            </>
          )}
        </div>
      )}
    </div>
  )
}

/** Lines that breathe where text will be. */
export function Skeleton({ lines = 3 }: { readonly lines?: number }): ReactNode {
  return (
    <div className="skeletons" role="status" aria-label="Loading">
      {Array.from({ length: lines }, (_, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they are all alike
        <span key={i} className="skeleton" style={{ width: `${90 - ((i * 37) % 45)}%` }} />
      ))}
    </div>
  )
}

interface Copied {
  readonly text: string
  readonly what: string
  /** Called once it is where it can be pasted from. */
  readonly onCopy?: (() => void) | undefined
}

export function CopyButton({ text, what, onCopy }: Copied): ReactNode {
  const [isCopied, setCopied] = useState(false)
  useEffect(() => {
    const timer = isCopied ? setTimeout(() => setCopied(false), 1500) : undefined
    return () => clearTimeout(timer)
  }, [isCopied])
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(text)
    setCopied(true)
    onCopy?.()
  }
  return (
    <Button
      kind="ghost"
      isSmall
      icon={isCopied ? Check : Copy}
      label={isCopied ? 'Copied' : `Copy ${what}`}
      onClick={() => void copy()}
    />
  )
}

/** Text to take along: a command, a token, lines of code. */
export function Code({ text, what, onCopy }: Copied): ReactNode {
  return (
    <div className="code">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by the keyboard */}
      <pre tabIndex={0}>
        <code>{text}</code>
      </pre>
      <span className="copy">
        <CopyButton text={text} what={what} onCopy={onCopy} />
      </span>
    </div>
  )
}
