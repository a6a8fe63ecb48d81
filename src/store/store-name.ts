/** True for what names a store on PostgreSQL. */
export const isPostgres = (store: string): boolean => /^postgres(?:ql)?:\/\//.test(store)

/** True for a store that is gone when it is closed. */
export const isTransient = (store: string): boolean => store === ':memory:'

/** What names a store, as it may be shown, logged or written down: a path as it is, a URL without its passwords. */
export const storeName = (store: string): string =>
  isPostgres(store)
    ? store
        .replace(/^([a-z]+:\/\/[^:@/]*):[^@/]*@/, '$1@')
        .replace(/([?&])(?:password|sslpassword)=[^&]*&?/g, '$1')
        .replace(/[?&]$/, '')
    : store
