//! Which call a request is.

use http::Method;

use crate::sim::call::Call;

/// A request line, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The method of the service.
    pub call: Call,
    /// `v1beta` or `v1`.
    pub version: &'static str,
    /// The id of the job, file or model, when there is one.
    pub id: String,
}

/// Understands a request. The command of an upload stands in a header.
pub fn route(method: &Method, path: &str, upload_command: Option<&str>) -> Route {
    let path = percent_decode(path);
    let mut rest = path.trim_start_matches('/');
    let uploads = strip(&mut rest, "upload/");
    let downloads = strip(&mut rest, "download/");
    let version = if strip(&mut rest, "v1beta/") {
        "v1beta"
    } else if strip(&mut rest, "v1/") {
        "v1"
    } else {
        return Route { call: Call::Unknown, version: "v1beta", id: String::new() };
    };
    let (call, id) =
        if uploads { (upload(method, rest, upload_command), "") } else { resource(method, rest, downloads) };
    Route { call, version, id: id.to_owned() }
}

fn upload(method: &Method, rest: &str, command: Option<&str>) -> Call {
    if rest != "files" || (method != Method::POST && method != Method::PUT) {
        return Call::Unknown;
    }
    let command = command.unwrap_or_default().to_ascii_lowercase();
    let mut words = command.split(',').map(str::trim);
    match words.next() {
        Some("start") => Call::UploadStart,
        Some("upload" | "finalize") => Call::UploadChunk,
        Some("query") => Call::UploadQuery,
        Some("cancel") => Call::UploadCancel,
        Some(_) | None => Call::Unknown,
    }
}

fn resource<'a>(method: &Method, rest: &'a str, downloads: bool) -> (Call, &'a str) {
    let (collection, tail) = rest.split_once('/').unwrap_or((rest, ""));
    // An id may hold anything but a colon; what stands behind it is the method.
    let (id, verb) = tail.rsplit_once(':').unwrap_or((tail, ""));
    let call = match (collection, method.as_str(), id.is_empty(), verb) {
        ("files", "GET", false, "download") => Call::Download,
        _ if downloads => Call::Unknown,
        ("batches", "GET", true, "") => Call::List,
        ("batches", "GET", false, "") => Call::Get,
        ("batches", "DELETE", false, "") => Call::Delete,
        ("batches", "POST", false, "cancel") => Call::Cancel,
        ("batches", "PATCH", false, "updateGenerateContentBatch" | "updateEmbedContentBatch") => Call::Update,
        ("files", "GET", true, "") => Call::FilesList,
        ("files", "GET", false, "") => Call::FilesGet,
        ("files", "DELETE", false, "") => Call::FilesDelete,
        ("models", "GET", true, "") => Call::ModelsList,
        ("models", "GET", false, "") => Call::ModelsGet,
        ("voices", "GET", true, "") => Call::VoicesList,
        ("models" | "tunedModels", "POST", false, "batchGenerateContent") => Call::Create,
        ("models" | "tunedModels", "POST", false, "asyncBatchEmbedContent") => Call::CreateEmbed,
        ("models", "POST", false, "countTokens") => Call::CountTokens,
        ("models", "POST", false, "generateContent") => Call::Generate,
        _ => Call::Unknown,
    };
    (call, id)
}

fn strip(rest: &mut &str, prefix: &str) -> bool {
    match rest.strip_prefix(prefix) {
        Some(stripped) => {
            *rest = stripped;
            true
        }
        None => false,
    }
}

/// The first value of a parameter of the query.
pub fn parameter(query: &str, name: &str) -> Option<String> {
    query.split('&').find_map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (percent_decode(key) == name).then(|| percent_decode(&value.replace('+', " ")))
    })
}

/// All parameters of the query, in its order.
pub fn parameters(query: &str) -> Vec<(String, String)> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs.map(|(name, value)| (percent_decode(name), percent_decode(&value.replace('+', " ")))).collect()
}

/// The first parameter that the call does not know.
pub fn unknown_parameter(query: &str, call: Call) -> Option<String> {
    const ALWAYS: [&str; 10] = [
        "key",
        "alt",
        "$alt",
        "fields",
        "prettyPrint",
        "$prettyPrint",
        "$.xgafv",
        "callback",
        "$callback",
        "quotaUser",
    ];
    let own: &[&str] = match call {
        Call::List => &["pageSize", "pageToken", "filter", "returnPartialSuccess"],
        Call::FilesList | Call::ModelsList => &["pageSize", "pageToken"],
        Call::VoicesList => &[
            "pageSize",
            "pageToken",
            "languageCode",
            "regionCode",
            "accent",
            "gender",
            "pitch",
            "persona",
            "context",
            "type",
            "search",
        ],
        Call::Update => &["updateMask"],
        Call::UploadStart | Call::UploadChunk | Call::UploadQuery | Call::UploadCancel => {
            &["upload_id", "upload_protocol", "uploadType"]
        }
        Call::Create
        | Call::CreateEmbed
        | Call::Get
        | Call::Cancel
        | Call::Delete
        | Call::FilesGet
        | Call::FilesDelete
        | Call::Download
        | Call::ModelsGet
        | Call::CountTokens
        | Call::Generate
        | Call::Unknown => &[],
    };
    let names = query.split('&').filter(|pair| !pair.is_empty());
    names.map(|pair| percent_decode(pair.split_once('=').map_or(pair, |(name, _)| name))).find(|name| {
        !ALWAYS.contains(&name.as_str()) && !own.contains(&camel(name).as_str()) && !own.contains(&name.as_str())
    })
}

/// Both spellings of a parameter are understood.
fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let mut camel = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        camel.extend(letters.next().map(|c| c.to_ascii_uppercase()));
        camel.push_str(letters.as_str());
    }
    camel
}

/// The query without the key, for logs.
pub fn without_key(query: &str) -> String {
    query.split('&').filter(|pair| !pair.starts_with("key=")).collect::<Vec<_>>().join("&")
}

fn percent_decode(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut n = 0;
    while n < bytes.len() {
        let pair = bytes.get(n + 1..n + 3).and_then(|pair| std::str::from_utf8(pair).ok());
        match pair.filter(|_| bytes[n] == b'%').and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            Some(byte) => {
                decoded.push(byte);
                n += 3;
            }
            None => {
                decoded.push(bytes[n]);
                n += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_has_its_path() {
        let table = [
            ("POST", "/v1beta/models/m:batchGenerateContent", Call::Create, "m"),
            ("POST", "/v1/models/m:asyncBatchEmbedContent", Call::CreateEmbed, "m"),
            ("GET", "/v1beta/batches", Call::List, ""),
            ("GET", "/v1beta/batches/x", Call::Get, "x"),
            ("POST", "/v1beta/batches/x:cancel", Call::Cancel, "x"),
            ("POST", "/v1beta/batches/x%3Acancel", Call::Cancel, "x"),
            ("GET", "/v1beta/batches/x:cancel", Call::Unknown, "x"),
            ("DELETE", "/v1beta/batches/x", Call::Delete, "x"),
            ("GET", "/v1beta/files/batch-x:download", Call::Download, "batch-x"),
            ("GET", "/download/v1beta/files/batch-x:download", Call::Download, "batch-x"),
            ("GET", "/download/v1beta/files/batch-x", Call::Unknown, "batch-x"),
            ("GET", "/v1beta/files/../x", Call::FilesGet, "../x"),
            ("GET", "/v1beta/voices", Call::VoicesList, ""),
            ("GET", "/v2/files", Call::Unknown, ""),
            ("GET", "/", Call::Unknown, ""),
        ];
        for (method, path, call, id) in table {
            let route = route(&method.parse().unwrap(), path, None);
            assert_eq!((route.call, route.id.as_str()), (call, id), "{method} {path}");
        }
        for (command, call) in [
            ("start", Call::UploadStart),
            ("upload, finalize", Call::UploadChunk),
            ("query", Call::UploadQuery),
            ("cancel", Call::UploadCancel),
            ("dance", Call::Unknown),
        ] {
            assert_eq!(route(&Method::POST, "/upload/v1beta/files", Some(command)).call, call, "{command}");
        }
    }

    #[test]
    fn parameters_are_decoded_and_strange_ones_are_found() {
        assert_eq!(parameter("pageSize=5&pageToken=a%3D%3D", "pageToken").as_deref(), Some("a=="));
        assert_eq!(unknown_parameter("pageSize=5&page_token=x&key=k", Call::List), None);
        assert_eq!(unknown_parameter("pagesize=5", Call::List).as_deref(), Some("pagesize"));
        assert_eq!(without_key("a=1&key=secret&b=2"), "a=1&b=2");
    }
}
