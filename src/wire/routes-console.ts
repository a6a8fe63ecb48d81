import Type from 'typebox'
import { inNamespace, PARAMETERS, type Route } from './route.ts'
import { only } from './schema-kit.ts'

/** What is looked at, how it is sorted and filtered: the console's own, which the server does not read. */
const query = Type.Object({}, { additionalProperties: true })
const PAGE = { description: 'The console, which then shows what the address says.', type: 'text/html' }

/** The console's pages for browsers: one document for every address, and the files it is made of. It asks the API for everything else. */
export const CONSOLE_ROUTES = {
  console: { tag: 'console', summary: 'The console', scope: 'none', query, answers: { 200: PAGE } },
  consoleNamespace: {
    tag: 'console',
    summary: 'The console at a namespace',
    scope: 'none',
    params: inNamespace,
    query,
    answers: { 200: PAGE },
  },
  consolePage: {
    tag: 'console',
    summary: 'The console at a page of a namespace',
    scope: 'none',
    params: only({ ns: PARAMETERS.ns, page: PARAMETERS.page }),
    query,
    answers: { 200: PAGE },
  },
  consoleAdministration: {
    tag: 'console',
    summary: 'The console at a page of the whole store',
    scope: 'none',
    params: only({ page: PARAMETERS.page }),
    query,
    answers: { 200: PAGE },
  },
  consoleAsset: {
    tag: 'console',
    summary: 'A file of the console, named by its content',
    scope: 'none',
    params: only({ file: PARAMETERS.file }),
    answers: { 200: { description: 'The file.', type: 'application/octet-stream' } },
  },
} as const satisfies Record<string, Route>
