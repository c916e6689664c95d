import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

export default defineConfig({
    root: dirname(fileURLToPath(import.meta.url)),
    build: {
        target: 'es2022',
        minify: false,
        emptyOutDir: true,
        lib: { entry: 'index.ts', formats: ['es'], fileName: 'index' },
        rollupOptions: { external: [/^@solana\//] },
    },
});
