export type { ServeOptions } from './http/options.ts'
export { type Server, serve } from './http/serve.ts'
export { type ErrorCode, HoldfastError } from './model/errors.ts'
