//! A whole client against a service that keeps what it is asked, held against AWS's own implementation of the
//! signature.

use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_dynamodb::config::BehaviorVersion;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningParams, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_async::time::{SharedTimeSource, TimeSource};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::body::SdkBody;
use aws_types::SdkConfig;
use aws_types::region::Region;
use proptest::prelude::*;

use super::*;

const REGION: &str = "eu-central-1";
const NOW: u64 = 1_767_521_825;

/// A request as the service saw it.
#[derive(Debug)]
struct Asked {
    uri: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Asked {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// A service whose clock is so many seconds `ahead` of ours, if it looks at it: it refuses what was not signed for its own moment.
#[derive(Debug, Clone, Default)]
struct Service {
    ahead: Option<i64>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl HttpConnector for Service {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let headers = request.headers().iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let body = request.body().bytes().unwrap().to_vec();
        let asked = Asked { uri: request.uri().to_owned(), headers, body };
        let theirs = self.ahead.map(|ahead| moment(NOW.checked_add_signed(ahead).unwrap()));
        let is_known = theirs.is_none_or(|theirs| asked.header(DATE) == Some(&compact(millis(theirs))));
        self.asked.lock().unwrap().push(asked);
        let (status, body) = if is_known {
            (200, "{}")
        } else {
            (400, r#"{"__type": "com.amazon.coral.service#InvalidSignatureException", "message": "Signature expired"}"#)
        };
        let mut response = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body));
        let date = DateTime::from(theirs.unwrap_or(UNIX_EPOCH)).fmt(Format::HttpDate).unwrap();
        response.headers_mut().insert("date", date);
        HttpConnectorFuture::ready(Ok(response))
    }
}

impl HttpClient for Service {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

/// Our clock, which a test sets.
#[derive(Debug, Clone)]
struct Seconds(Arc<AtomicI64>);

impl TimeSource for Seconds {
    fn now(&self) -> SystemTime {
        moment(u64::try_from(self.0.load(Ordering::Relaxed)).unwrap())
    }
}

fn moment(seconds: u64) -> SystemTime {
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds)).unwrap()
}

fn millis(moment: SystemTime) -> Timestamp {
    Timestamp::from_millis(DateTime::from(moment).to_millis().unwrap())
}

fn credentials(token: Option<&str>) -> Credentials {
    Credentials::new("AKIA", "secret", token.map(str::to_owned), None, "test")
}

/// What `service` is asked when `text` is looked for at each of `moments`, at `endpoint`.
fn calls(service: &Service, endpoint: &str, credentials: &Credentials, text: &str, moments: &[u64]) -> Vec<Asked> {
    let clock = Seconds(Arc::default());
    let (time, sleep) = (SharedTimeSource::new(clock.clone()), SharedAsyncSleep::new(TokioSleep::new()));
    let sdk = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .credentials_provider(SharedCredentialsProvider::new(credentials.clone()))
        .endpoint_url(endpoint)
        .http_client(service.clone())
        .time_source(time.clone())
        .sleep_impl(sleep.clone())
        .build();
    let aws = crate::Aws { sdk, outbound: None, time, sleep };
    let client = crate::client!(aws_sdk_dynamodb, aws);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        for seconds in moments {
            clock.0.store(i64::try_from(*seconds).unwrap(), Ordering::Relaxed);
            client.get_item().table_name("t").key("pk", AttributeValue::S(text.to_owned())).send().await.unwrap();
        }
    });
    std::mem::take(&mut *service.asked.lock().unwrap())
}

/// What `aws-sigv4` makes of the same headers.
fn expected(asked: &Asked, credentials: &Credentials, at: SystemTime) -> String {
    let covered = |name: &str| name == "content-type" || name == "x-amz-target";
    let headers = asked.headers.iter().filter(|(name, _)| covered(name));
    let identity = Identity::from(credentials.clone());
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(REGION)
        .name("dynamodb")
        .time(at)
        .settings(SigningSettings::default())
        .build()
        .unwrap();
    let headers = headers.map(|(name, value)| (name.as_str(), value.as_str()));
    let request = SignableRequest::new("POST", &asked.uri, headers, SignableBody::Bytes(&asked.body)).unwrap();
    let (instructions, _) = sign(request, &SigningParams::V4(params)).unwrap().into_parts();
    instructions.headers().find(|(name, _)| *name == "authorization").unwrap().1.to_owned()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn signatures_are_those_of_aws(
        text in ".{1,300}",
        token in proptest::option::of("[A-Za-z0-9/+=]{1,80}"),
        endpoint in "https?://[a-z]{1,9}(\\.[a-z]{1,9}){0,2}(:(80|443|8000))?",
        seconds in 0_u64..4_000_000_000,
        later in 0_u64..200_000,
    ) {
        let (service, credentials, moments) = (Service::default(), credentials(token.as_deref()), [seconds, seconds.saturating_add(later)]);
        let asked = calls(&service, &endpoint, &credentials, &text, &moments);
        prop_assert_eq!(asked.len(), 2);
        for (asked, seconds) in asked.iter().zip(moments) {
            let expected = expected(asked, &credentials, moment(seconds));
            prop_assert_eq!(asked.header("authorization"), Some(expected.as_str()));
            prop_assert_eq!(asked.header(TOKEN), token.as_deref());
            prop_assert_eq!(asked.header("x-amz-user-agent"), None);
        }
    }
}

#[test]
fn other_credentials_make_another_key() {
    let signer = Signer::default();
    let scope = || "20260104/eu-central-1/dynamodb/aws4_request".to_owned();
    let (first, again) = (credentials(None), Credentials::new("OTHER", "changed", None, None, "test"));
    let signature = |credentials: &Credentials| {
        let day = signer.day(credentials, scope()).unwrap();
        hex(hmac::sign(&day.key, b"text").as_ref())
    };
    let kept = signature(&first);
    assert_eq!(signature(&first), kept);
    assert_ne!(signature(&again), kept);
    assert_eq!(signature(&first), kept);
}

#[test]
fn a_clock_that_is_wrong_is_found_out_and_stays_known() {
    for (ahead, times) in [(0, vec![0; 2]), (3_600, vec![0, 3_600, 3_600]), (-3_600, vec![0, -3_600, -3_600])] {
        let (service, credentials) = (Service { ahead: Some(ahead), ..Service::default() }, credentials(Some("token")));
        let asked = calls(&service, "https://host", &credentials, "1", &[NOW, NOW]);
        assert_eq!(asked.len(), times.len());
        for (asked, later) in asked.iter().zip(times) {
            let signed = moment(NOW.checked_add_signed(later).unwrap());
            assert_eq!(asked.header(DATE), Some(compact(millis(signed)).as_str()));
            assert_eq!(asked.header("authorization"), Some(expected(asked, &credentials, signed).as_str()));
            let count = |name: &str| asked.headers.iter().filter(|(known, _)| known == name).count();
            assert_eq!([DATE, TOKEN, "authorization"].map(count), [1; 3], "a repetition has its headers once");
        }
    }
}

#[test]
fn what_is_no_plain_call_is_left_to_the_sdk() {
    for uri in ["https://host/path", "https://host/?query", "ftp://host/", "https://user@host/", "https://"] {
        assert_eq!(host(uri), None, "{uri}");
    }
    assert_eq!(host("https://host:443/"), Some("host"));
    assert_eq!(host("http://127.0.0.1:4566"), Some("127.0.0.1:4566"));
}
