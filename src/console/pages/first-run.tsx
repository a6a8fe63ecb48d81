import { Rocket } from 'lucide-react'
import type { ReactNode } from 'react'
import { Link } from 'wouter'
import { Card, Code } from '../parts/basics.tsx'
import { pageOf } from '../state/address.ts'
import { connectLines } from './instances.tsx'

/** From nothing to the first override in under a minute, and the lines for one's own service. */
export function FirstRun({ ns, isEmpty }: { readonly ns: string; readonly isEmpty: boolean }): ReactNode {
  return (
    <Card title="Begin here" acts={<Rocket size={16} aria-hidden />}>
      <ol className="steps">
        <li>
          <strong>{isEmpty ? 'Set a first key.' : 'Override a key.'}</strong>{' '}
          {isEmpty ? (
            <>There is no base yet, and none is needed: </>
          ) : (
            <>Click a value, type another one, and review it before it is live: </>
          )}
          <Link href={pageOf(ns, 'configuration', isEmpty ? { add: 'key' } : {})}>
            {isEmpty ? 'add a key' : 'open the configuration'}
          </Link>
          .
        </li>
        <li>
          <strong>Let a service live on it.</strong> It keeps a copy, follows every change, and starts from its file
          when the server is away.
          <Code text={connectLines(ns)} what="the lines of code" />
        </li>
        <li>
          <strong>Give it a token of its own</strong> under{' '}
          <Link href="/administration/tokens">Administration, Tokens</Link>: one that may only read this namespace.
        </li>
      </ol>
    </Card>
  )
}
