//! The lists of models and voices: every page, in the spelling of each, whatever else stands in the answers.

use gemtts_tui::api::error::Kind;
use gemtts_tui::api::page::{all_models, all_voices};

use super::server::{Exchange, Server};
use super::{example, service};

#[tokio::test]
async fn voices_are_asked_for_and_read_in_snake_case_page_by_page() {
    let server = Server::start(|exchange: &mut Exchange| {
        match exchange.number {
        0 => exchange.json(
            200,
            r#"{"voices":[{"id":"Kore","type":"prebuilt","new":{"x":[1]}},{"no":"id"},7],"next_page_token":"a=&b","of_tomorrow":true}"#,
        ),
        1 => exchange.json(200, r#"{"next_page_token":"c"}"#),
        _ => exchange.json(
            200,
            r#"{"voices":[{"id":"voice_ab","display_name":"Ann\u001b[2J\u202e","gender":"NEUTRAL","expire_time":"never"},{"id":"Kore"}]}"#,
        ),
    }
    });
    let listing = all_voices(&*service(&server).reader).await.unwrap();
    assert!(listing.complete);
    let ids: Vec<&str> = listing.items.iter().map(|voice| voice.id.as_str()).collect();
    assert_eq!(ids, ["Kore", "voice_ab"]);
    assert_eq!(listing.items[1].display_name.as_deref(), Some("Ann␛[2J⟨U+202E⟩"));
    assert_eq!(listing.items[1].expire_time, None);
    let asked: Vec<String> = server.seen().into_iter().map(|request| request.target).collect();
    assert_eq!(
        asked,
        [
            "/v1beta/voices?page_size=1000",
            "/v1beta/voices?page_size=1000&page_token=a%3D%26b",
            "/v1beta/voices?page_size=1000&page_token=c",
        ]
    );
}

#[tokio::test]
async fn a_service_without_voices_says_so_once() {
    let server = Server::start(|exchange| exchange.json(404, r#"{"error":{"code":404,"status":"NOT_FOUND"}}"#));
    let error = all_voices(&*service(&server).reader).await.unwrap_err();
    assert_eq!((error.kind, server.seen().len()), (Kind::NotFound, 1));
}

#[tokio::test]
async fn the_recorded_list_of_models_is_read_whole() {
    let server = Server::start(|exchange| exchange.json(200, example("models_list_tts.json")));
    let listing = all_models(&*service(&server).reader).await.unwrap();
    let takes_batches = |id: &str| {
        let model = listing.items.iter().find(|model| model.name == format!("models/{id}")).unwrap();
        assert_eq!((model.input_token_limit, model.output_token_limit), (Some(8_192), Some(16_384)));
        model.methods.iter().any(|method| method == "batchGenerateContent")
    };
    assert!(takes_batches("gemini-2.5-pro-preview-tts"));
    assert!(!takes_batches("gemini-2.5-flash-preview-tts"));
}
