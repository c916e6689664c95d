/** The websocket client, in a chunk of its own. */
export { createSolanaRpcSubscriptions } from '@solana/kit';
