import { refuse } from '../refuse.ts'

/** The first socket of systemd's socket activation. */
const FIRST = 3

/** The listening socket that systemd, or another that keeps to its protocol, passed to this process; `undefined` where none was. */
export function passedSocket(env: Readonly<Record<string, string | undefined>>, pid = process.pid): number | undefined {
  const { LISTEN_PID, LISTEN_FDS } = env
  if (LISTEN_FDS === undefined || LISTEN_PID !== String(pid)) return undefined
  if (LISTEN_FDS === '1') return FIRST
  return refuse(
    `LISTEN_FDS: ${JSON.stringify(LISTEN_FDS)} sockets were passed, and a server listens on one.`,
    'Leave one ListenStream= in the socket unit.',
  )
}
