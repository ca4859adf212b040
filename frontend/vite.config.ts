import { defineConfig } from 'vite';

export default defineConfig({
  base: '/static/dist/',
  publicDir: false,
  build: {
    manifest: 'manifest.json',
    outDir: '../static/dist',
    emptyOutDir: true,
    modulePreload: { polyfill: false },
    rollupOptions: { input: ['src/log-in.ts', 'src/settings.ts', 'src/site.ts', 'src/trade.ts', 'src/welcome.ts'] },
  },
});
