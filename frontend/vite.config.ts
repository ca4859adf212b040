import { defineConfig } from 'vite';

export default defineConfig({
  base: '/static/dist/',
  publicDir: false,
  build: {
    manifest: 'manifest.json',
    outDir: '../static/dist',
    emptyOutDir: true,
    modulePreload: { polyfill: false },
    rollupOptions: {
      input: ['log-in', 'market', 'screener', 'settings', 'site', 'trade', 'welcome'].map((page) => `src/${page}.ts`),
    },
  },
});
