export type CheckpointMode = 'PASSIVE' | 'RESTART' | 'TRUNCATE'

/** What is asked of the thread, and what it answers. */
export type SlowRequest =
  | { readonly kind: 'checkpoint'; readonly mode: CheckpointMode }
  | { readonly kind: 'check' }
  | { readonly kind: 'copy'; readonly file: string; readonly partial: string }
  | { readonly kind: 'close' }
