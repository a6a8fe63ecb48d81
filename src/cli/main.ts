#!/usr/bin/env node
import module from 'node:module'

const NEEDED = [22, 22] as const
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)

if (major < NEEDED[0] || (major === NEEDED[0] && minor < NEEDED[1])) {
  process.stderr.write(
    `holdfast: this is Node ${process.versions.node}, and Holdfast needs Node ${NEEDED.join('.')} or later.\n` +
      'Install a newer one from https://nodejs.org; in a checkout, npm ci brings one and bin/holdfast runs it.\n',
  )
  process.exitCode = 1
} else {
  const cache = cacheFolder(process.env)
  if (cache !== undefined) module.enableCompileCache(cache)
  const { runHere } = await import('./run.ts')
  process.exitCode = await runHere()
}

/**
 * Where compiled code may be kept, which saves 6 ms at each start. Never Node's default, a name in `/tmp` that another user could have
 * taken first, and not under sudo, where the folder may be somebody else's.
 */
function cacheFolder({ XDG_CACHE_HOME, HOME, SUDO_UID }: NodeJS.ProcessEnv): string | undefined {
  if (SUDO_UID !== undefined) return undefined
  if (XDG_CACHE_HOME?.startsWith('/')) return `${XDG_CACHE_HOME}/holdfast`
  return HOME?.startsWith('/') ? `${HOME}/.cache/holdfast` : undefined
}
