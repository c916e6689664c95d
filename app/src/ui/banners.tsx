/** What is wrong with the network, above every page. */
import { health, HOST, ENDPOINT } from '../chain/connection';
import { CLUSTER_NAMES, isProgramSafeOn } from '../chain/cluster';
import { linkedEndpoint } from '../chain/endpoint';
import { readNetwork } from '../chain/network';
import { linkTo } from '../router';
import { useQuery, useStore } from './hooks';

function Offline() {
    const { answers, since } = useStore(health);
    return (
        <div role="status">
            {!answers && (
                <p className="banner danger">
                    <strong>{HOST} does not answer</strong>
                    {since !== null && ` since ${new Date(since).toLocaleTimeString()}`}. What you see may be old; nothing is lost. Trying again…
                </p>
            )}
        </div>
    );
}

function WrongNetwork() {
    const { data } = useQuery('network', readNetwork);
    if (!data) return null;
    if (!isProgramSafeOn(data.cluster)) {
        return (
            <p className="banner danger" role="alert">
                This build is for private networks, but {HOST} is {CLUSTER_NAMES[data.cluster]}. Do not sign anything here;{' '}
                <a href={linkTo('settings')}>choose another network</a>.
            </p>
        );
    }
    if (data.program === 'missing') {
        return (
            <p className="banner warning" role="alert">
                The Upside program is not on this network ({CLUSTER_NAMES[data.cluster]}). <a href={linkTo('settings')}>Choose another</a>.
            </p>
        );
    }
    return null;
}

/** A link may ask for a server; the user decides. */
function Asked() {
    const linked = linkedEndpoint(location.search);
    if (!linked || linked.trusted || linked.url === ENDPOINT) return null;
    return (
        <p className="banner warning" role="note">
            This link asks to use the server <code>{new URL(linked.url).host}</code>. A server decides what you see here.{' '}
            <a href={linkTo('settings')}>Choose it in the settings</a> only if you trust it.
        </p>
    );
}

export const Banners = () => (
    <>
        <Asked />
        <Offline />
        <WrongNetwork />
    </>
);
