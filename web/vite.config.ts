import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** Where the service listens while the pages are being worked on; `npm run dev -w web` passes its API on. */
const SERVICE = 'http://localhost:3000';

export default defineConfig({
  base: '/account/',
  plugins: [react()],
  build: {
    target: 'baseline-widely-available',
    // The content security policy allows nothing inline: every file stays a file.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  // The service acts by cookie only for its own origin.
  server: { proxy: { '/v1': { target: SERVICE, headers: { origin: SERVICE } } } },
});
