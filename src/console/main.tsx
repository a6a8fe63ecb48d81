import { Tooltip } from '@base-ui/react/tooltip'
import { QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { queries } from './api/queries.ts'
import { AccessProvider } from './api/session.tsx'
import { App } from './frame/app.tsx'
import { hasDrafts } from './state/drafts.ts'
import './styles/tokens.css'
import './styles/base.css'
import './styles/parts.css'
import './styles/frame.css'
import './styles/pages.css'
import './styles/administration.css'
import { keepTheme } from './state/theme.ts'

keepTheme()
addEventListener('beforeunload', (event) => {
  if (hasDrafts()) event.preventDefault()
})

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <Tooltip.Provider>
        <AccessProvider>
          <App />
        </AccessProvider>
      </Tooltip.Provider>
    </QueryClientProvider>
  </StrictMode>,
)
