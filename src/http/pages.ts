import { HoldfastError } from '../model/errors.ts'
import { PATHS, pathTo, type RouteName } from '../wire/paths.ts'
import { STATUS, TITLES } from '../wire/problem.ts'
import { ROUTES, type Route, TAGS } from '../wire/routes.ts'
import { openapi } from './openapi.ts'
import { PROBLEM_TEXTS } from './problem-texts.ts'

/** Pages have a style sheet of this server, and nothing else: no script, nothing from elsewhere. */
export const PAGE_HEADERS = {
  'content-security-policy':
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
} as const

export const STYLE = `
:root { color-scheme: light dark; --edge: #8884; --soft: #8881; }
body { margin: 0 auto; max-width: 60rem; padding: 1rem 1.5rem 4rem; font: 14px/1.5 system-ui, sans-serif; }
h1 { font-size: 28px; } h2 { font-size: 20px; margin-top: 2.5rem; } h3 { font-size: 14px; margin: 0; }
code, pre { font: 13px/1.5 ui-monospace, monospace; }
pre { background: var(--soft); padding: .75rem; border-radius: 6px; overflow-x: auto; margin: .5rem 0; }
article { border: 1px solid var(--edge); border-radius: 6px; padding: .75rem 1rem; margin: .75rem 0; }
article p { margin: .25rem 0; }
table { border-collapse: collapse; width: 100%; } td, th { text-align: left; padding: .25rem .75rem .25rem 0; vertical-align: top; }
nav a { margin-right: 1rem; }
`

let documentation: string | undefined

/** What `openapi.json` says, to read: every address with what it takes, what it answers, and how to ask it from a shell. */
export function documentationPage(): string {
  documentation ??= page(
    'Holdfast: the API',
    `<h1>Holdfast: the API</h1>
<p>Made from <a href="/openapi.json">/openapi.json</a>. Send a token as <code>Authorization: Bearer hf_…</code>; the examples have it in
<code>$HOLDFAST_TOKEN</code>. What is refused is <code>application/problem+json</code>, and its <code>code</code> is one of
${Object.keys(STATUS)
  .map((code) => `<a href="/problems/${code}">${code}</a>`)
  .join(', ')}.</p>
<nav>${TAGS.map((tag) => `<a href="#${tag}">${tag}</a>`).join(' ')}</nav>
${TAGS.map(section).join('\n')}`,
  )
  return documentation
}

/** What a refusal means. */
export function problemPage(code: string): string {
  if (!isCode(code)) throw new HoldfastError('not-found', `there is no refusal ${JSON.stringify(code)}`, { what: code })
  return page(
    TITLES[code],
    `<h1>${escaped(TITLES[code])}</h1>
<p><code>${code}</code>, HTTP status ${STATUS[code]}.</p>
<p>${escaped(PROBLEM_TEXTS[code])}</p>
<p><a href="/docs">The API</a></p>`,
  )
}

const isCode = (code: string): code is keyof typeof STATUS => Object.hasOwn(STATUS, code)

const page = (title: string, body: string): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<link rel="stylesheet" href="/docs/style.css">
<body>
${body}
</body>
</html>
`

function section(tag: (typeof TAGS)[number]): string {
  const names = (Object.keys(PATHS) as RouteName[]).filter((name) => ROUTES[name].tag === tag)
  return `<h2 id="${tag}">${tag}</h2>\n${names.map(article).join('\n')}`
}

interface Operation {
  readonly description: string
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly description?: string }[]
}

function article(name: RouteName): string {
  const [method, path] = PATHS[name]
  const route: Route = ROUTES[name]
  const paths = openapi()['paths'] as Readonly<Record<string, Readonly<Record<string, Operation>>>>
  const { description, parameters = [] } = paths[path]![method.toLowerCase()]!
  const rows = parameters.map(
    (one) => `<tr><td><code>${escaped(one.name)}</code><td>${one.in}<td>${escaped(one.description ?? '')}`,
  )
  return `<article id="${name}">
<h3><code>${method} ${escaped(path)}</code></h3>
<p>${escaped(route.summary)}. ${escaped(description.replaceAll('`', ''))}</p>
${rows.length === 0 ? '' : `<table>${rows.join('\n')}</table>`}
<pre>${escaped(curl(name, route))}</pre>
${answers(route)}
</article>`
}

function answers({ answers: known }: Route): string {
  return Object.entries(known)
    .map(([status, { description, example }]) => {
      const text = example === undefined ? '' : `<pre>${escaped(JSON.stringify(example, null, 2))}</pre>`
      return `<p><code>${status}</code> ${escaped(description)}</p>${text}`
    })
    .join('\n')
}

/** How to ask it from a shell. */
function curl(name: RouteName, { params, query, scope, example }: Route): string {
  const [method] = PATHS[name]
  const address = pathTo(name, examplesOf(params)) + queryOf(query)
  return [
    `curl ${method === 'GET' ? '' : `-X ${method} `}"http://127.0.0.1:7420${address}"`,
    ...(scope === 'none' ? [] : ['  -H "Authorization: Bearer $HOLDFAST_TOKEN"']),
    ...(example === undefined ? [] : ["  -H 'Content-Type: application/json'", `  -d '${JSON.stringify(example)}'`]),
  ].join(' \\\n')
}

type Fields = Readonly<Record<string, { readonly examples?: readonly string[] }>>

function examplesOf(params: Route['params']): Readonly<Record<string, string>> {
  const fields = Object.entries((params?.properties ?? {}) as Fields)
  return Object.fromEntries(fields.map(([name, field]) => [name, field.examples?.[0] ?? name]))
}

/** Only what must be there. */
function queryOf(query: Route['query']): string {
  const required = (query?.required ?? []) as readonly string[]
  const fields = (query?.properties ?? {}) as Fields
  const pairs = required.map((name) => `${name}=${encodeURIComponent(fields[name]?.examples?.[0] ?? name)}`)
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

const escaped = (text: string): string => text.replace(/[&<>"]/g, (char) => ENTITIES[char]!)
