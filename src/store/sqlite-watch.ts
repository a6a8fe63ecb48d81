import { type FSWatcher, watch } from 'node:fs'
import { basename, dirname } from 'node:path'

export interface WatchParts {
  /** The number at the moment from which on commits count; `undefined` tells of one commit too many rather than one too few. */
  readonly seen: number | undefined
  /** A number that changes when somebody else committed; `undefined` while it cannot be asked. */
  readonly version: () => number | undefined
  readonly onCommit: () => void
}

/** After a write to the WAL its commit becomes visible once it is synced, so look again for a while. */
const LOOK_AGAIN = [2, 5, 10, 20, 30, 50, 100, 200, 400]
const SAFETY_POLL = 1000
/** A look that meets a write of our own is put off to the next, so several must fit into the 100 ms in which a commit is to be heard of. */
const POLL_WITHOUT_WATCHER = 20
/** How long this process commits nothing before its folder is worth watching again. */
const QUIET = 1500

export interface CommitWatch {
  /** Says that this process is about to commit: its own writes would wake the watcher dozens of times each, so it looks by the clock for a while. */
  pause(): void
  stop(): void
}

/** Tells of others' commits: the folder's watcher says when to look, `data_version` whether anything happened. Never opens the files. */
export function watchCommits(file: string, { seen: first, version, onCommit }: WatchParts): CommitWatch {
  let seen = first
  let timer: NodeJS.Timeout | undefined
  let step = 0
  let pausedAt = 0

  const look = () => {
    const now = version()
    if (now === undefined || now === seen) return
    seen = now
    onCommit()
  }
  const lookAgain = () => {
    look()
    const pause = LOOK_AGAIN[step++]
    timer = pause === undefined ? undefined : setTimeout(lookAgain, pause).unref()
  }
  const onEvent = () => {
    if (timer === undefined || step > 3) {
      clearTimeout(timer)
      timer = setTimeout(lookAgain, LOOK_AGAIN[0]).unref()
    }
    step = 0
  }
  const poll = (every: number) => setInterval(look, every).unref()
  const resume = () => {
    if (performance.now() - pausedAt < QUIET) return look()
    clearInterval(clock)
    watcher = watchFolder(file, onEvent)
    clock = poll(watcher ? SAFETY_POLL : POLL_WITHOUT_WATCHER)
    look()
  }

  let watcher = watchFolder(file, onEvent)
  let clock = poll(watcher ? SAFETY_POLL : POLL_WITHOUT_WATCHER)
  return {
    pause() {
      pausedAt = performance.now()
      if (watcher === undefined) return
      watcher.close()
      watcher = undefined
      clearInterval(clock)
      clock = setInterval(resume, POLL_WITHOUT_WATCHER).unref()
    },
    stop() {
      watcher?.close()
      clearInterval(clock)
      clearTimeout(timer)
    },
  }
}

/** Undefined where the system has no watcher to give; an error later on leaves the poll. */
function watchFolder(file: string, onEvent: () => void): FSWatcher | undefined {
  const name = basename(file)
  try {
    const watcher = watch(dirname(file), { persistent: false }, (_, changed) => {
      if (changed === null || changed.startsWith(name)) onEvent()
    })
    watcher.on('error', () => watcher.close())
    return watcher
  } catch {
    return undefined
  }
}
