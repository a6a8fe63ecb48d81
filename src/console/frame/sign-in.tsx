import { Anchor, LogIn } from 'lucide-react'
import { type FormEvent, type ReactNode, useEffect, useState } from 'react'
import { useAccess } from '../api/session.tsx'
import { Button, Code, Failure } from '../parts/basics.tsx'

/** Sign in with a token. What was staged before a session ended is still there afterwards. */
export function SignIn({ why }: { readonly why: string | null }): ReactNode {
  const { signIn } = useAccess()
  const [token, setToken] = useState('')
  const [error, setError] = useState<unknown>(null)
  const [isBusy, setBusy] = useState(false)
  useEffect(() => {
    document.title = 'Sign in · Holdfast'
  }, [])
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    setBusy(true)
    setError(null)
    try {
      await signIn(token.trim())
    } catch (caught) {
      setError(caught)
    } finally {
      setBusy(false)
    }
  }
  return (
    <main className="sign-in">
      <form onSubmit={(event) => void submit(event)}>
        <h1>
          <Anchor size={22} aria-hidden /> Holdfast
        </h1>
        <p>Configuration that does not drift.</p>
        {why !== null && error === null && <p className="notice amber">{why}</p>}
        <div className="field">
          <label className="label" htmlFor="token">
            Token
          </label>
          <input
            id="token"
            className="input mono"
            type="password"
            autoComplete="current-password"
            placeholder="hf_…"
            required
            // biome-ignore lint/a11y/noAutofocus: there is nothing else on this page
            autoFocus
            value={token}
            onChange={(event) => setToken(event.target.value)}
          />
        </div>
        {error !== null && <Failure what="Not signed in" error={error} />}
        <Button type="submit" kind="primary" icon={LogIn} disabled={isBusy || token.trim() === ''}>
          {isBusy ? 'Signing in…' : 'Sign in'}
        </Button>
        <details>
          <summary>I have no token</summary>
          <p>
            The server printed one on its first start. On the server's machine, in the folder of its store, this makes
            another:
          </p>
          <Code text="holdfast token create me --scope admin --namespace-pattern '*'" what="the command" />
        </details>
      </form>
    </main>
  )
}
