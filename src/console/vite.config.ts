import { join } from 'node:path'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/** Builds the console into `dist/console`: files named by their content, no request to any other host. */
export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  build: {
    outDir: join(import.meta.dirname, '../../dist/console'),
    emptyOutDir: true,
    target: 'es2024',
    // Strict CSP: nothing inline, also no data: addresses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // What the client loads in Node only, for a file of its own, is never asked for by a page.
    rolldownOptions: { external: [/^node:/] },
  },
  server: { proxy: { '/api': 'http://127.0.0.1:7420' } },
})
