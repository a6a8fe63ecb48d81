import { writeSync } from 'node:fs'
import { registerHooks } from 'node:module'

// `node --import` this, and at its end the process tells on descriptor 3 what it loaded: its own files and packages, and Node's parts.
const files = []
registerHooks({
  load(url, context, next) {
    if (url.startsWith('file:')) files.push(url)
    return next(url, context)
  },
})
const before = new Set(process.moduleLoadList)
process.on('exit', () => {
  const builtins = process.moduleLoadList.filter((name) => name.startsWith('NativeModule ') && !before.has(name))
  writeSync(3, JSON.stringify({ files, builtins: builtins.map((name) => name.slice('NativeModule '.length)) }))
})
