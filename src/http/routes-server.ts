import type { FastifyInstance } from 'fastify'
import { type Handlers, register } from './call.ts'
import type { Context } from './context.ts'
import { HEALTH } from './health.ts'
import type { Metrics } from './metrics.ts'
import { openapi } from './openapi.ts'
import { documentationPage, PAGE_HEADERS, problemPage, STYLE } from './pages.ts'

/** The server's own pages: is it well, what does it count, how is it used. */
export function registerServer(app: FastifyInstance, context: Context, metrics: Metrics): void {
  register(app, context, { ...HEALTH, ...PAGES, metrics: ({ caller }) => metrics.text(caller.who) })
}

const HTML = 'text/html; charset=utf-8'

const PAGES: Handlers<'openapi' | 'documentation' | 'documentationStyle' | 'problem'> = {
  openapi: () => ({ json: openapi(), etag: true }),
  documentation: () => ({ text: documentationPage(), type: HTML, headers: PAGE_HEADERS, etag: true }),
  documentationStyle: () => ({ text: STYLE, type: 'text/css; charset=utf-8', etag: true }),
  problem: ({ params }) => ({ text: problemPage(params.code), type: HTML, headers: PAGE_HEADERS, etag: true }),
}
