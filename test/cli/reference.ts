import { usageOf } from '../../src/cli/args.ts'
import { type Command, GROUPS, type Option } from '../../src/cli/command.ts'
import { COMMANDS, GLOBALS } from '../../src/cli/commands.ts'
import { flagName, flagSummary } from '../../src/cli/help.ts'
import { EXIT } from '../../src/cli/print.ts'

const INTRODUCTION = `# The command line

\`holdfast COMMAND\` works on a store or on a [server](SERVER.md): the one that \`--store\` or \`--server\` names, else the variables
\`HOLDFAST_STORE\` or \`HOLDFAST_SERVER\`, else \`holdfast.yaml\`, which is looked for in the working folder and above it, else the store
\`data/config_overrides.db\`. This page is written from the program's own table of commands, and a test keeps it so;
\`holdfast help COMMAND\` shows the same in a terminal.

## holdfast.yaml
\`holdfast init\` writes it; it says once what the flags would say each time. Relative paths start from its folder, paths in flags from
where you are. Unknown keys are refused with line and column.
\`\`\`yaml
store: data/config_overrides.db
namespaces:
  default:
    sources: [config/tacacs.conf, { env: { prefix: TACACS_ } }]
    schema: config/tacacs.schema.json
\`\`\`
A file that has exactly one namespace makes it the one that commands without \`-n\` mean. Environment variables differ from shell to shell:
an \`env\` source is loaded by the process that runs the service, and commands use what that recorded.

## A server
Every command does the same on a server, and prints the same. The token comes from \`HOLDFAST_TOKEN\`, or from the file that
\`HOLDFAST_TOKEN_FILE\` names; there is no flag for it, because the words of a command stand in lists of processes and in the history of
the shell. It decides what is shown and done, and who did it. Plain \`http://\` to another machine needs \`--insecure\`.
\`\`\`sh
export HOLDFAST_SERVER=https://config.example.com HOLDFAST_TOKEN_FILE=~/.holdfast-token
holdfast set server.port=5050 --reason 'new proxy'
\`\`\`
Instead of the variable \`holdfast.yaml\` may say \`server: https://config.example.com\`, without \`store\`. Only with a store at hand work
\`init\`, \`serve\`, \`backup --restore\`, \`migrate-store\`, and the flags \`--source\`, \`--schema\`, \`--replace-sources\` and \`--actor\`: the server
has its sources, and the token says who it is. \`backup FILE\` downloads a copy that the server made and checked.

## What is printed where
People get tables, differences (\`+\` came, \`−\` went, \`~\` changed, \`=\` stayed as it was) and colour where a terminal shows it; lines keep
to the width of the terminal, 80 columns where there is none, and what does not fit is left out in the middle. Control characters,
direction overrides and invisible characters are shown as escapes, so that a value cannot steer a terminal.

Results go to standard output, everything else to standard error: remarks (silenced by \`-q\`), warnings, progress, refusals. With \`--json\`
standard output is one JSON document and nothing else; of \`watch\`, one document a line. A refusal prints nothing there, and on standard
error \`{"error": {"code", "message", "details"}}\`, with the codes of the library. An absent side of a change or of drift is \`null\`.
Where a list goes on, a remark on standard error names the \`--cursor\` of the next page.

Secrets are concealed everywhere; only \`get\` and \`explain\` show them, where \`--reveal\` is said.

## Exit status
| status | means |
|---|---|
| 0 | done |
| 1 | failed |
| 2 | differences found (\`--exit-code\`), or \`verify\` found problems |
${statusRows()}
| 130 | interrupted |
`

function statusRows(): string {
  const meanings: Readonly<Record<number, string>> = {
    3: 'refused by validation',
    4: 'conflict: something else was changed first',
    5: 'not found',
    6: 'not allowed',
    64: 'wrong usage',
  }
  const statuses = [...new Set(Object.values(EXIT))].sort((a, b) => a - b).filter((status) => status > 2)
  return statuses.map((status) => `| ${status} | ${meanings[status]} |`).join('\n')
}

/** The manual page of the command line, from the table that the program itself runs on. */
export function reference(): string {
  const groups = GROUPS.map((group) => {
    const commands = COMMANDS.filter((command) => command.group === group && !command.isHidden)
    return `## ${group}\n\n${commands.map(section).join('\n')}`
  })
  return `${INTRODUCTION}\n## Flags of every command\n${flagTable(GLOBALS)}\n${groups.join('\n')}`
}

function section({ name, summary, details = [], arguments: takes, options, examples }: Command): string {
  const parts = [
    `### ${name}\n${summary}.\n\`\`\`sh\n${usageOf(name, takes)}\n\`\`\``,
    ...details,
    ...(options.length > 0 ? [flagTable(options).trimEnd()] : []),
    `\`\`\`sh\n${examples.map(([typed, tells]) => `${typed}  # ${tells}`).join('\n')}\n\`\`\``,
  ]
  return `${parts.join('\n\n')}\n`
}

function flagTable(options: readonly Option[]): string {
  const rows = options.map((option) => `| \`${flagName(option)}\` | ${flagSummary(option).replaceAll('|', '\\|')} |`)
  return `| flag | |\n|---|---|\n${rows.join('\n')}\n`
}
