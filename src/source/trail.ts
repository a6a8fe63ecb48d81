import { lstat, readlink } from 'node:fs/promises'
import { dirname, isAbsolute, join, parse, sep } from 'node:path'

/**
 * The directory entries that decide what an absolute path leads to, as names by directory: the file itself, each symbolic link on the
 * way, and where the way ends early, the name that is missing. A Kubernetes ConfigMap swaps a link in the middle.
 */
export async function trail(path: string): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const found = new Map<string, Set<string>>()
  let at = parse(path).root
  const ahead = segments(path)
  for (let links = 0; links < MOST_LINKS && ahead.length > 0; ) {
    const name = ahead.shift()!
    if (name === '..') {
      at = dirname(at)
      continue
    }
    const here = join(at, name)
    const stats = await lstat(here).catch(() => undefined)
    const isLink = stats?.isSymbolicLink() === true
    if (isLink || stats === undefined || ahead.length === 0) add(found, at, name)
    if (stats === undefined) break
    if (isLink) {
      const target = await readlink(here).catch(() => '')
      if (isAbsolute(target)) at = parse(target).root
      ahead.unshift(...segments(target))
      links++
    } else {
      at = here
    }
  }
  return found
}

/** As many as Linux follows. */
const MOST_LINKS = 40

const segments = (path: string): string[] =>
  path
    .slice(parse(path).root.length)
    .split(sep)
    .filter((segment) => segment !== '' && segment !== '.')

function add(found: Map<string, Set<string>>, directory: string, name: string): void {
  const names = found.get(directory) ?? new Set()
  found.set(directory, names.add(name))
}
