import { createClient } from '@portcullis/client';
import { PortcullisProvider } from '@portcullis/client/react';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.js';
import './styles/index.css';
import { ToastProvider } from './ui/toast.js';

const client = createClient({ baseUrl: window.location.origin });

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <PortcullisProvider client={client}>
      <ToastProvider>
        <App />
      </ToastProvider>
    </PortcullisProvider>
  </StrictMode>,
);
