import { Eye, EyeOff } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import type { Value } from '../../model/value.ts'
import { ask } from '../api/ask.ts'
import { segment } from '../api/queries.ts'
import { useAccess } from '../api/session.tsx'
import { Button, Failure } from '../parts/basics.tsx'
import { ValueText } from '../parts/values.tsx'

export interface RevealProps {
  readonly ns: string
  readonly place: { readonly section: string; readonly key: string }
  /** The version to read it at; absent: now. */
  readonly at: number | null
}

/** One secret in plain text, for who may read secrets. It is asked for each time, and each time stands in the audit log. */
export function Reveal({ ns, place: { section, key }, at }: RevealProps): ReactNode {
  const { may } = useAccess()
  const [shown, setShown] = useState<{ readonly value: Value } | null>(null)
  const [error, setError] = useState<unknown>(null)
  if (!may('secrets:read', ns)) return null
  const reveal = (): void => {
    setError(null)
    const query = { reveal: true, ...(at !== null && { at }) }
    ask<Value>('readKey', { in: { ns, section: segment(section), key }, query }).then(
      (value) => setShown({ value }),
      setError,
    )
  }
  return (
    <div className="lines">
      {shown === null ? (
        <Button isSmall icon={Eye} onClick={reveal}>
          Show the secret
        </Button>
      ) : (
        <>
          <ValueText value={shown.value} />
          <Button isSmall icon={EyeOff} onClick={() => setShown(null)}>
            Hide it
          </Button>
        </>
      )}
      <span className="faint">Each look stands in the audit log, with your name.</span>
      {error !== null && <Failure what="It cannot be shown" error={error} />}
    </div>
  )
}
