import { keyOf, SETTING_NAMES, settingOf, variableOf } from '../../src/cli/serving/settings.ts'

const BEGIN = '<!-- settings: written by a test from src/cli/serving/settings.ts -->'
const END = '<!-- end of settings -->'

/** The table of docs/SERVER.md, from the one that `serve` runs on. */
export function settingsTable(): string {
  const rows = SETTING_NAMES.map((name) => {
    const { placeholder, usual, summary, choices } = settingOf(name)
    const flag = placeholder === undefined ? `--${name}` : `--${name} ${placeholder}`
    const told = choices === undefined ? summary : `${summary}: ${choices.join(', ')}`
    return `| \`${flag}\` | \`${variableOf(name)}\` | \`${keyOf(name)}\` | ${usual === '' ? '' : `\`${usual}\``} | ${told} |`
  })
  return `| flag | variable | key | default | |\n|---|---|---|---|---|\n${rows.join('\n')}\n`
}

/** The page with the table in its place. */
export function withTable(page: string): string {
  const [before, rest] = page.split(BEGIN)
  const after = rest?.split(END)[1]
  if (before === undefined || after === undefined) throw new Error('docs/SERVER.md has no place for its table')
  return `${before}${BEGIN}\n\n${settingsTable()}\n${END}${after}`
}
