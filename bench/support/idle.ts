import { notePauses } from './pauses.ts'

/** A process that does nothing but tell how long even that had to wait. */
const pauses = notePauses()
process.on('message', () => process.send!(pauses.take()))
process.on('disconnect', () => process.exit())
