import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from 'react'
import { type Action, type Grant, reachOf } from '../../model/principal.ts'
import { ask, onSessionLost, Refusal, setCsrf } from './ask.ts'

export interface Session {
  readonly name: string
  readonly tokenId: string | null
  readonly grants: readonly Grant[]
  readonly csrf: string
  readonly idleUntil: string
  readonly until: string
}

export type SignedIn =
  | { readonly state: 'asking' }
  | { readonly state: 'out'; readonly why: string | null }
  | { readonly state: 'in'; readonly session: Session }

interface Access {
  readonly signed: SignedIn
  signIn(token: string): Promise<void>
  signOut(): Promise<void>
  /** Whether the one signed in may do something in a namespace; `*` asks for what concerns the whole store. */
  may(action: Action, namespace: string): boolean
}

const AccessContext = createContext<Access | undefined>(undefined)

export const useAccess = (): Access => useContext(AccessContext)!

/** Who is signed in. What was typed and staged stays when a session ends: only the way to the server is closed. */
export function AccessProvider({ children }: { readonly children: ReactNode }): ReactNode {
  const [signed, setSigned] = useState<SignedIn>({ state: 'asking' })
  const enter = useCallback((session: Session) => {
    setCsrf(session.csrf)
    setSigned({ state: 'in', session })
  }, [])

  useEffect(() => {
    void begin(enter, setSigned)
    return onSessionLost(() =>
      setSigned((now) =>
        now.state === 'in' ? { state: 'out', why: 'Your session has ended. Nothing you staged is lost.' } : now,
      ),
    )
  }, [enter])

  const access = useMemo<Access>(
    () => ({
      signed,
      async signIn(token) {
        enter(await ask<Session>('signIn', { body: { token } }))
      },
      async signOut() {
        await ask('signOut').catch(() => undefined)
        setSigned({ state: 'out', why: null })
      },
      may: (action, namespace) => signed.state === 'in' && isAllowed(signed.session, action, namespace),
    }),
    [signed, enter],
  )
  return <AccessContext value={access}>{children}</AccessContext>
}

function isAllowed({ name, tokenId, grants }: Session, action: Action, namespace: string): boolean {
  const reach = reachOf({ name, tokenId, grants, sourceIp: null }, action, namespace)
  return reach !== undefined && (namespace !== '*' || reach.isWhole)
}

/** A token in the address's fragment (`#token=hf_…`, as `npm start` prints it) signs in at once and is taken out of the address. */
async function begin(enter: (session: Session) => void, setSigned: (signed: SignedIn) => void): Promise<void> {
  const given = /^#token=(hf_[\w.-]+)$/.exec(location.hash)?.[1]
  if (given !== undefined) history.replaceState(null, '', location.pathname + location.search)
  try {
    enter(
      await (given === undefined ? ask<Session>('readSession') : ask<Session>('signIn', { body: { token: given } })),
    )
  } catch (error) {
    const isNobody = Refusal.is(error, 'unauthenticated') && given === undefined
    setSigned({ state: 'out', why: isNobody ? null : (error as Error).message })
  }
}
