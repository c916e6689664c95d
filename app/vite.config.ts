import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

/** Everything the page may do: its own scripts and styles, and questions to the RPC server that its user chose. */
const CONTENT_SECURITY_POLICY = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' blob: data:",
    "font-src 'self'",
    'connect-src https: wss: http://127.0.0.1:* ws://127.0.0.1:*',
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "object-src 'none'",
].join('; ');

const contentSecurityPolicy: Plugin = {
    name: 'content-security-policy',
    apply: 'build',
    transformIndexHtml: () => [
        {
            tag: 'meta',
            attrs: { 'http-equiv': 'Content-Security-Policy', content: CONTENT_SECURITY_POLICY },
            injectTo: 'head-prepend',
        },
    ],
};

export default defineConfig({
    // Relative, so that the folder works at any place of any static host.
    base: './',
    plugins: [react(), contentSecurityPolicy],
    build: {
        target: 'es2022',
        outDir: process.env.UPSIDE_APP_DIST ?? 'dist',
        emptyOutDir: true,
        manifest: true,
        modulePreload: { polyfill: false },
        assetsInlineLimit: 0,
    },
});
