import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** What a Chromium of a system may be called. */
const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/** Nothing of it asks any other host, draws on a screen, or needs rights that a container has not. */
export const FLAGS: readonly string[] = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export const CHROMIUM: string | undefined = process.env['HOLDFAST_CHROMIUM'] || findOnPath()

function findOnPath(): string | undefined {
  const places = (process.env['PATH'] ?? '').split(delimiter)
  return NAMES.flatMap((name) => places.map((place) => join(place, name))).find(isProgram)
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
