import { defineConfig } from 'vite';
import { unusedTokens } from './build/tokens';
import { licences } from './build/licences';

// Served by the gateway under /app/; every file but index.html, theme.css and the icon has its hash in its name.
export default defineConfig({
  base: '/app/',
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact', legalComments: 'none' },
  build: { target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false }, sourcemap: false, reportCompressedSize: false },
  plugins: [unusedTokens(), licences()],
  server: { port: 5173, strictPort: true, proxy: { '/v1': process.env.VDR_GATEWAY ?? 'http://127.0.0.1:8080' } },
});
