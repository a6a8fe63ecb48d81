import type { FastifyInstance } from 'fastify'
import { register } from './call.ts'
import { Console } from './console.ts'
import type { Context } from './context.ts'

/** The console: one document at all of its addresses, and its files. */
export function registerConsole(app: FastifyInstance, context: Context): void {
  const pages = new Console(context.options.consoleDirectory)
  const page = () => pages.page()
  register(app, context, {
    console: page,
    consoleNamespace: page,
    consolePage: page,
    consoleAdministration: page,
    consoleAsset: ({ params, request }) => pages.asset(params.file, request.headers['accept-encoding']),
  })
}
