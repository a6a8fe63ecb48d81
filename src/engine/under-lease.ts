import type { Fence } from '../model/lease.ts'
import type { Principal } from '../model/principal.ts'
import type { Store } from '../store/store.ts'

/** The store as `who` may write it: what timed work writes is refused once another node has its lease. */
export const storeOf = <S extends Pick<Store, 'fenced'>>(store: S, { lease }: Pick<Principal, 'lease'>): S =>
  lease === undefined ? store : (store.fenced(lease) as unknown as S)

/** `who`, from now on under a lease. */
export const underLease = (who: Principal, lease: Fence | undefined): Principal =>
  lease === undefined ? who : Object.freeze({ ...who, lease })
