import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { isDeepStrictEqual, styleText } from 'node:util'

/**
 * `npm run tour`: the main job on the example, through the real program, in a folder of its own. Each command is run by the shell as it is shown,
 * and what the tour says of it is checked: where a step does not do what it says, the tour ends with an error.
 */
const root = join(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'holdfast-tour-'))
const env = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('HOLDFAST_'))),
  PATH: [join(root, 'bin'), process.env['PATH']].join(delimiter),
}

if (!existsSync(join(root, 'dist/cli/main.js'))) fail('there is no dist/ yet: run npm ci first')
for (const name of ['tacacs.conf', 'tacacs.schema.json']) {
  copyFileSync(join(root, 'examples/tacacs', name), join(folder, name))
}

title('Holdfast: configuration that does not drift')
say(`A TACACS+ server reads tacacs.conf, a file that its team keeps in git. Tonight
somebody has to change the running server without touching that file.`)

chapter('1. Take the file in')
say(`The schema says what each key may be, and which ones are secret: these are
encrypted before anything is stored. The first version is the baseline.`)
run('holdfast init --source tacacs.conf --schema tacacs.schema.json')
run('holdfast get server')
check('the port of the file', read('get server.port'), 4949)

chapter('2. Change what runs, and say why')
run("holdfast set server.port=5050 --reason 'port for the load balancer'")
check('the override', read('get server.port'), 5050)

say('A change is checked as a whole before it applies. These are refused:')
run('holdfast set server.port=99999 server.log_levle=DEBUG', { status: 3 })
run('holdfast set auth.backends=local,radius', { status: 3 })
check('nothing of them applied', read('drift'), {
  server: { port: [4949, 5050] },
})

say('Two keys of one change are one version; bo makes this one.')
run("holdfast set auth.backends=local,ldap auth.cache_ttl=300 \\\n    --reason 'the directory is up again' --actor bo")

chapter('3. Ask what is going on')
run('holdfast explain server.port')
run('holdfast drift')
run('holdfast history')

chapter('4. Agree on it')
say('This is what is meant from now on: a version with a name, and the new baseline.')
run("holdfast snapshot -m 'agreed with the network team' --tag agreed --baseline")
check('the baseline', read('versions')[0].isBaseline, true)

chapter('5. The ground moves')
edit('port = 4949', 'port = 6000')
say(`The override still wins, and Holdfast says that it stands on a base that has
moved since: it is stale, and somebody should look at it.`)
run('holdfast drift server')
check('the override', read('drift server --detail')[0].state, 'stale')
run("holdfast unset server.port --reason 'the file says what we want now'")
run("holdfast set server.log_level=DEBUG limits.per_device=4 --reason 'a leak'")

chapter('6. Go back')
say('What is different from what was agreed?')
run('holdfast compare agreed latest')
run("holdfast restore agreed --reason 'the leak is found'")
say(`The configuration equals the agreed version again, to the byte: same hash.
Nothing was lost on the way, the versions in between are still there.`)
run('holdfast versions')
check('the hash', read('show latest').hash, read('show agreed').hash)

chapter('7. Trust it')
say('Every version is chained to the one before it; an edit with another tool shows.')
run('holdfast verify')

title('What now?')
say(`All of this is in ${folder}. To go on there:

    cd ${folder}
    alias holdfast=${join(root, 'bin/holdfast')}

    holdfast --help                    every command, with examples
    holdfast get --format yaml         the whole configuration as YAML
    holdfast revert latest --dry-run   what undoing the last change would do
    sqlite3 data/config_overrides.db 'select * from config_history'

In a program: README.md, "In a Node service". The manual is in docs/.`)

function title(text: string): void {
  process.stdout.write(`${styleText('bold', text)}\n\n`)
}

function chapter(text: string): void {
  process.stdout.write(`${styleText(['bold', 'cyan'], text)}\n\n`)
}

function say(text: string): void {
  process.stdout.write(`${text}\n\n`)
}

/** Shows a command and runs it as the shell would; it must end as the tour says. */
function run(command: string, { status = 0 }: { readonly status?: number } = {}): void {
  process.stdout.write(`${styleText('dim', '$')} ${styleText('bold', command)}\n`)
  const ended = spawnSync('sh', ['-c', command], {
    cwd: folder,
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  if (ended.status !== status) fail(`"${command}" ended with status ${ended.status}, not ${status}`)
  if (status !== 0) process.stdout.write(`${styleText('dim', `exit status ${status}`)}\n`)
  process.stdout.write('\n')
}

/** What a command answers to programs. */
// biome-ignore lint/suspicious/noExplicitAny: the checks above name the fields that they mean
function read(command: string): any {
  const ended = spawnSync('sh', ['-c', `holdfast ${command} --json`], {
    cwd: folder,
    env,
    encoding: 'utf8',
  })
  if (ended.status !== 0) fail(`holdfast ${command} ended with status ${ended.status}: ${ended.stderr}`)
  return JSON.parse(ended.stdout)
}

function check(what: string, found: unknown, meant: unknown): void {
  if (isDeepStrictEqual(found, meant)) return
  fail(`${what}: found ${JSON.stringify(found)}, meant ${JSON.stringify(meant)}`)
}

/** A colleague's change of the base file. */
function edit(before: string, after: string): void {
  const file = join(folder, 'tacacs.conf')
  const text = readFileSync(file, 'utf8')
  if (!text.includes(before)) fail(`tacacs.conf has no line "${before}"`)
  writeFileSync(file, text.replace(before, after))
  say(`A colleague merges a change of tacacs.conf, and it is rolled out:\n
    ${styleText('red', `- ${before}`)}\n    ${styleText('green', `+ ${after}`)}`)
}

function fail(message: string): never {
  process.stderr.write(`\nThe tour stops: ${message}.\nIts files are in ${folder}.\n`)
  process.exit(1)
}
