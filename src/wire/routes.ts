import type { RouteName } from './paths.ts'
import type { Route } from './route.ts'
import { ACCESS_ROUTES } from './routes-access.ts'
import { CONFIG_ROUTES } from './routes-config.ts'
import { CONSOLE_ROUTES } from './routes-console.ts'
import { STORE_ROUTES } from './routes-store.ts'
import { VERSION_ROUTES } from './routes-versions.ts'

export { type Route, type RouteAnswer, TAGS } from './route.ts'

const TABLE = {
  ...CONFIG_ROUTES,
  ...VERSION_ROUTES,
  ...ACCESS_ROUTES,
  ...STORE_ROUTES,
  ...CONSOLE_ROUTES,
} as const satisfies Record<RouteName, Route>

/** What each route's schemas say, as types. */
export type RouteTable = typeof TABLE

/** Every route of the server by its name in `PATHS`: what it takes, what it needs, what it answers. The server validates by it and OpenAPI is made of it. */
export const ROUTES: Readonly<Record<RouteName, Route>> = TABLE
