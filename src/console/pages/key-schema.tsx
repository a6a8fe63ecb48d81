import type { ReactNode } from 'react'
import type { Explanation } from '../../model/config.ts'
import { ValueText } from '../parts/values.tsx'
import { limitsOf } from './editor.tsx'

/** What a key may be, by its schema. */
export function Schema({ schema }: { readonly schema: NonNullable<Explanation['schema']> }): ReactNode {
  const { description, types, allowed, limits, default: standard, needsRestart, isSecret } = schema
  return (
    <section>
      <h3>What it may be</h3>
      {description && <p>{description}</p>}
      <dl className="facts">
        {types && (
          <>
            <dt>Type</dt>
            <dd>{types.join(' or ')}</dd>
          </>
        )}
        {allowed && (
          <>
            <dt>Allowed</dt>
            <dd className="mono">{allowed.map((one) => JSON.stringify(one)).join(', ')}</dd>
          </>
        )}
        {limits && Object.keys(limits).length > 0 && (
          <>
            <dt>Limits</dt>
            <dd>{limitsOf(schema)}</dd>
          </>
        )}
        {standard !== undefined && (
          <>
            <dt>Default</dt>
            <dd>
              <ValueText value={standard} />
            </dd>
          </>
        )}
        {needsRestart && (
          <>
            <dt>Takes effect</dt>
            <dd>after a restart</dd>
          </>
        )}
        {isSecret && (
          <>
            <dt>Secret</dt>
            <dd>encrypted in the store, shown nowhere</dd>
          </>
        )}
      </dl>
    </section>
  )
}
