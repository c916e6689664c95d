// Runs inside the page: a Wallet Standard wallet whose key is elsewhere. `injectWallet` calls it.
/* global window, CustomEvent */
// oxlint-disable-next-line no-unused-vars -- called by the script that follows it
function announceWallet({ name, handle, kind, address, key, chains }) {
    const account = { address, publicKey: Uint8Array.from(key), chains, features: [] };
    const ask = async (transaction) => {
        const answer = await window[handle]([...transaction]);
        if (answer.error) throw Object.assign(new Error(answer.error.message), { code: answer.error.code });
        return Uint8Array.from(answer.bytes);
    };
    const each = (inputs, field) => Promise.all(inputs.map(async ({ transaction }) => ({ [field]: await ask(transaction) })));
    const common = { version: '1.0.0', supportedTransactionVersions: ['legacy', 0] };
    const signing =
        kind === 'signs'
            ? { 'solana:signTransaction': { ...common, signTransaction: (...inputs) => each(inputs, 'signedTransaction') } }
            : { 'solana:signAndSendTransaction': { ...common, signAndSendTransaction: (...inputs) => each(inputs, 'signature') } };
    const wallet = {
        version: '1.0.0',
        name,
        icon: 'data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHZpZXdCb3g9IjAgMCA4IDgiPjxyZWN0IHdpZHRoPSI4IiBoZWlnaHQ9IjgiIGZpbGw9IiM4MDgiLz48L3N2Zz4=',
        chains,
        accounts: [account],
        features: {
            'standard:connect': { version: '1.0.0', connect: async () => ({ accounts: [account] }) },
            'standard:disconnect': { version: '1.0.0', disconnect: async () => undefined },
            'standard:events': { version: '1.0.0', on: () => () => undefined },
            ...signing,
        },
    };
    const announce = (api) => api.register(wallet);
    window.addEventListener('wallet-standard:app-ready', (event) => announce(event.detail));
    window.dispatchEvent(new CustomEvent('wallet-standard:register-wallet', { detail: announce }));
}
