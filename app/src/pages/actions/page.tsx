/** One thing to do with one security. */
import { lazy, Suspense, type ComponentType } from 'react';
import type { Address } from '@solana/kit';
import { readView, type View } from '../../chain/view';
import { linkTo } from '../../router';
import { useFollow, useQuery, useStore } from '../../ui/hooks';
import { Loaded, Notice } from '../../ui/parts';
import { session } from '../../wallet/session';

/** What every action gets: the security, and the wallet that acts. */
export type ActionProps = { view: View; wallet: Address; query: URLSearchParams };
type Action = { title: string; load: ComponentType<ActionProps>; issuerOnly?: boolean };

const holder = () => import('./holder');
const money = () => import('./money');
const grants = () => import('./grants');
const collectives = () => import('./collectives');
const issuer = () => import('./issuer');

const ACTIONS: Readonly<Record<string, Action>> = {
    claim: { title: 'Claim from', load: lazy(async () => ({ default: (await holder()).Claim })) },
    send: { title: 'Send', load: lazy(async () => ({ default: (await holder()).Send })) },
    register: { title: 'Register', load: lazy(async () => ({ default: (await holder()).Register })) },
    unregister: { title: 'Unregister', load: lazy(async () => ({ default: (await holder()).Unregister })) },
    'payout-account': { title: 'Where claims pay from', load: lazy(async () => ({ default: (await holder()).PayoutAccount })) },
    distribute: { title: 'Pay into', load: lazy(async () => ({ default: (await money()).Distribute })) },
    deposit: { title: 'Deposit backing into', load: lazy(async () => ({ default: (await money()).Deposit })) },
    'open-vault': { title: 'Open a vault of', load: lazy(async () => ({ default: (await money()).OpenVault })), issuerOnly: true },
    harvest: { title: 'Harvest for', load: lazy(() => import('./harvest')) },
    due: { title: 'What is due of', load: lazy(() => import('./crank')) },
    redeem: { title: 'Redeem', load: lazy(() => import('./redeem')) },
    grants: { title: 'Grants of', load: lazy(async () => ({ default: (await grants()).GrantActions })) },
    grant: { title: 'Grant', load: lazy(async () => ({ default: (await grants()).CreateGrant })), issuerOnly: true },
    rounds: { title: 'Rounds of', load: lazy(() => import('./rounds')) },
    round: { title: 'Announce a round of', load: lazy(() => import('./create-round')), issuerOnly: true },
    members: { title: 'Members of', load: lazy(async () => ({ default: (await collectives()).Members })) },
    collective: { title: 'Let others join', load: lazy(async () => ({ default: (await collectives()).CreateCollective })), issuerOnly: true },
    issue: { title: 'Issue', load: lazy(async () => ({ default: (await issuer()).Issue })), issuerOnly: true },
    retire: { title: 'Give up capacity of', load: lazy(async () => ({ default: (await issuer()).Retire })), issuerOnly: true },
    'advance-redemption': {
        title: 'Open redemption earlier for',
        load: lazy(async () => ({ default: (await issuer()).AdvanceRedemption })),
        issuerOnly: true,
    },
    handover: { title: 'Hand over', load: lazy(async () => ({ default: (await issuer()).Handover })), issuerOnly: true },
    'accept-issuer': { title: 'Become the issuer of', load: lazy(async () => ({ default: (await issuer()).AcceptIssuer })) },
    metadata: { title: 'Change the name or image of', load: lazy(async () => ({ default: (await issuer()).Metadata })), issuerOnly: true },
    'post-update': {
        title: 'Tell the holders of',
        load: lazy(async () => ({ default: (await issuer()).PostUpdate })),
        issuerOnly: true,
    },
    approvals: { title: 'Approved holders of', load: lazy(async () => ({ default: (await issuer()).Approvals })), issuerOnly: true },
};

export default function ActionPage({ mint, action, query: parameters }: { mint: Address; action: string; rest: string[]; query: URLSearchParams }) {
    const query = useQuery(`view/${mint}`, () => readView(mint));
    const wallet = useStore(session)?.address;
    useFollow(query.data?.security.address);
    const known = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined;
    if (!known) {
        return (
            <>
                <h1>There is no such action</h1>
                <p>
                    <a href={linkTo('security', mint)}>Back to the security</a>.
                </p>
            </>
        );
    }
    const Form = known.load;
    return (
        <Loaded query={query} what="the security">
            {(view) => (
                <>
                    <p className="eyebrow">
                        <a href={linkTo('security', mint)}>
                            ← <bdi>{view.share.name}</bdi>
                        </a>
                    </p>
                    <h1>
                        {known.title} <bdi>{view.share.symbol}</bdi>
                    </h1>
                    {!wallet && <Notice>Connect a wallet to go on: the button is at the top of the page.</Notice>}
                    {wallet && known.issuerOnly && wallet !== view.security.issuer && (
                        <Notice tone="warning">Only the issuer can do this, and the connected wallet is not the issuer.</Notice>
                    )}
                    {wallet && (!known.issuerOnly || wallet === view.security.issuer) && (
                        <Suspense fallback={<p className="loading">Loading…</p>}>
                            <Form view={view} wallet={wallet} query={parameters} />
                        </Suspense>
                    )}
                </>
            )}
        </Loaded>
    );
}
